"""The file that holds the passphrase of nightly backups."""

from __future__ import annotations

import stat
from pathlib import Path

from selfd_graphql.errors import ServiceError


def read_passphrase(path: Path) -> str:
    """Return the first line of a file that its owner alone can read.

    Raises:
        ServiceError: it cannot be read, others can read it, or it is empty.
    """
    name = repr(str(path))
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise ServiceError("INVALID_INPUT", f"others can read {name}: run chmod 600 {name}")
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = (getattr(error, "strerror", None) or "it is not UTF-8").lower()
        raise ServiceError(
            "INVALID_INPUT", f"the passphrase cannot be read from {name}: {reason}"
        ) from error
    if not lines or not lines[0]:
        raise ServiceError("INVALID_INPUT", f"{name} holds no passphrase in its first line")
    return lines[0]
