"""The token that every request shows: made once, kept where only its owner can read it."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from selfd_daemon.errors import TokenFileError
from selfd_daemon.paths import unusable

Authenticate: TypeAlias = Callable[[str | None], bool]


def bearer_of(token: str) -> Authenticate:
    """Return a check of an Authorization header, in a time that tells nothing about the token."""
    expected = f"Bearer {token}".encode()

    def authenticate(shown: str | None) -> bool:
        given = b"" if shown is None else shown.encode("utf-8", "replace")
        return hmac.compare_digest(given, expected)

    return authenticate


def load_token(path: Path) -> str:
    """Return the token in `path`, made now when there is none.

    Raises:
        TokenFileError: others could read it, it is not ours, or it is no plain file.
        DataFolderError: it cannot be written.
    """
    try:
        return read_token(path)
    except FileNotFoundError:
        try:
            _make(path)
        except OSError as error:
            raise unusable(path.parent, error) from error
        return read_token(path)


def read_token(path: Path) -> str:
    """Return the token that is there; a file that others could have read is refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "is a symbolic link" if path.is_symlink() else "cannot be read"
        raise TokenFileError(
            path, reason, f"run rm {str(path)!r} to have a new one made"
        ) from error
    with os.fdopen(descriptor, encoding="ascii", errors="replace") as file:
        found = os.fstat(file.fileno())
        _check(path, found)
        token = file.read(1024).strip()
    if len(token) < 32:
        raise TokenFileError(path, "holds no token", f"run rm {str(path)!r} to have a new one made")
    return token


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise TokenFileError(path, "is no plain file", "move it away")
    if found.st_uid != os.geteuid():
        raise TokenFileError(path, f"belongs to user {found.st_uid}", "move it away")
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        raise TokenFileError(
            path,
            f"can be read by others (mode {mode:04o})",
            f"run chmod 600 {str(path)!r}; if others use this machine, delete it instead, "
            "and a new one is made",
        )


def _make(path: Path) -> None:
    """Write a new token beside `path` and rename it into place: no half file is ever seen."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(part, flags, 0o600), "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(32))
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
