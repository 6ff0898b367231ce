"""DaemonError
└── TrainingError    a training ended without a result
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from selfd_daemon.errors import DaemonError


class TrainingError(DaemonError):
    """A training ended without a result; what serves was not touched."""


@contextmanager
def disk_in_words() -> Iterator[None]:
    """Turn what a disk refuses into an error in words: no room, no permission.

    Raises:
        TrainingError: an operation on a file failed in the block.
    """
    try:
        yield
    except OSError as error:
        what = (error.strerror or str(error)).lower()
        raise TrainingError(f"{what}: {error.filename or 'a file of the training'}") from error
