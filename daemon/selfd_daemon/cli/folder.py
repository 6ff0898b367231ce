"""The data folder that a command means: its flag, else the environment, else the platform's own."""

from __future__ import annotations

import os
from pathlib import Path

from selfd_daemon.paths import DataFolder, default_data_folder

VARIABLE = "SELFD_DATA_DIR"


def data_folder(flag: Path | None) -> DataFolder:
    """Return the folder, absolute; it may not exist."""
    chosen = flag or os.environ.get(VARIABLE) or default_data_folder()
    return DataFolder(Path(chosen).expanduser().absolute())


def is_default(folder: DataFolder) -> bool:
    """Tell whether `selfd up` without a flag would serve this folder too."""
    return folder == data_folder(None)
