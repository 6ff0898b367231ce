"""Where everything lies in the data folder, and the making of that folder."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from selfd_daemon.errors import DataFolderError

PRIVATE_FOLDER = 0o700
PRIVATE_UMASK = 0o077


def default_data_folder() -> Path:
    """Return the platform's own place for selfd's data."""
    return Path(platformdirs.user_data_path("selfd", appauthor=False))


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The data folder and the names in it; the two database files are the store's own business."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "settings.toml"

    @property
    def token(self) -> Path:
        return self.root / "token"

    @property
    def menubar_token(self) -> Path:
        """The menu bar's narrower token."""
        return self.root / "menubar.token"

    @property
    def lock(self) -> Path:
        return self.root / "daemon.lock"

    @property
    def announcement(self) -> Path:
        """The file that says where the running daemon listens."""
        return self.root / "daemon.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def engrams(self) -> Path:
        return self.root / "engrams"

    @property
    def checkpoints(self) -> Path:
        """The weights that were trained here and may serve."""
        return self.root / "checkpoints"

    @property
    def training(self) -> Path:
        """What a training that runs needs; empty when none does."""
        return self.root / "training"

    def prepare(self) -> None:
        """Make the folder for its owner's eyes alone, and show that it can be written to."""
        try:
            self.root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self.logs.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            raise unusable(self.root, error) from error
        found = self.root.stat()
        if found.st_uid != os.geteuid():
            raise DataFolderError(
                self.root,
                f"it belongs to user {found.st_uid}",
                "choose one of your own with --data-dir",
            )
        if stat.S_IMODE(found.st_mode) & 0o077:
            self._close_to_others()
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise unusable(self.root, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))

    def _close_to_others(self) -> None:
        try:
            self.root.chmod(PRIVATE_FOLDER)
        except OSError as error:
            raise unusable(self.root, error) from error


def unusable(folder: Path, error: OSError) -> DataFolderError:
    """Return what to tell the owner when something in the folder cannot be made or written."""
    elsewhere = "choose another with --data-dir"
    steps = {
        errno.EACCES: f"run chmod u+rwx {str(folder)!r}, or {elsewhere}",
        errno.EROFS: "choose a folder on a disk that can be written to with --data-dir",
        errno.ENOSPC: "free some space on that disk",
    }
    reason = (error.strerror or str(error)).lower()
    return DataFolderError(folder, reason, steps.get(error.errno or 0, elsewhere))
