"""Whether a path that a client named can be read, said before any work is queued."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from selfd_graphql.errors import ServiceError

_REASONS = {
    errno.ENOENT: ("NOT_FOUND", "no such file or folder"),
    errno.ENOTDIR: ("NOT_FOUND", "a part of it is no folder"),
    errno.ELOOP: ("INVALID_INPUT", "its symbolic links lead in a circle"),
    errno.ENAMETOOLONG: ("INVALID_INPUT", "the name is too long"),
}
_DENIED = (
    "permission denied; give its owner's consent with chmod, or copy it to where selfd may read"
)


def reachable(path: str, *, private: Path) -> Path:
    """Return the real, absolute path of a readable file or folder.

    Args:
        private: selfd's own data folder, which holds its token and is never ingested.

    Raises:
        ServiceError: it is not there, not ours to read, or neither a file nor a folder.
    """
    if not path.strip() or "\0" in path:
        raise ServiceError("INVALID_INPUT", "the path is empty: name a file or a folder")
    try:
        wanted = Path(path).expanduser()
        if not wanted.is_absolute():
            raise ServiceError("INVALID_INPUT", f"the path must be absolute, got {path!r}")
        real = Path(os.path.realpath(wanted, strict=True))
        mode = real.stat().st_mode
        _check_readable(real, mode)
    except RuntimeError as error:  # expanduser: there is no such user
        raise ServiceError("NOT_FOUND", f"cannot read {path!r}: no such user") from error
    except OSError as error:
        code, reason = _REASONS.get(error.errno or 0, ("FORBIDDEN", _DENIED))
        raise ServiceError(code, f"cannot read {path!r}: {reason}") from error
    if real.is_relative_to(private.resolve()):
        raise ServiceError("FORBIDDEN", f"{path!r} is selfd's own data, which is never ingested")
    return real


def _check_readable(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        with os.scandir(path):
            return
    if not stat.S_ISREG(mode):
        raise ServiceError("INVALID_INPUT", f"{str(path)!r} is neither a file nor a folder")
    with path.open("rb"):
        return
