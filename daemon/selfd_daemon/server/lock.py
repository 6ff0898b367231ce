"""One daemon per data folder: a lock that the kernel drops when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from selfd_daemon.errors import AlreadyRunningError
from selfd_daemon.paths import unusable

_WIDTH = 20  # written over in place, so that a full disk has room for it


@contextlib.contextmanager
def sole_daemon(path: Path) -> Iterator[None]:
    """Hold the folder's lock for the time of the block.

    Raises:
        AlreadyRunningError: another process holds it; the error names that process.
        DataFolderError: the lock's file cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise unusable(path.parent, error) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(path.parent, _pid(descriptor)) from None
        with contextlib.suppress(OSError):  # on a full disk we are merely not named
            os.pwrite(descriptor, f"{os.getpid():<{_WIDTH}}".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(path: Path) -> int | None:
    """Return the id of the process that holds the lock, or None when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(descriptor)
    finally:
        os.close(descriptor)
    return None


def _pid(descriptor: int) -> int | None:
    text = os.pread(descriptor, _WIDTH, 0).decode("ascii", "replace").strip()
    return int(text) if text.isdecimal() else None
