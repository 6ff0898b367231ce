"""The one import of SQLite: the standard library's, or a newer one where that has a known fault.

SQLite 3.7.0 to 3.51.2 can lose a page when one connection resets the write-ahead log while another
writes (sqlite.org/wal.html#walresetbug). selfd avoids the case, since one connection writes and it
alone checkpoints; the extra `sqlite` brings a library in which it is mended.
"""

from __future__ import annotations

import sqlite3 as _stdlib
from types import ModuleType
from typing import TYPE_CHECKING

OLDEST = (3, 40, 0)  # what Debian 12 has; strict tables need 3.37
WAL_RESET_FIXED = (3, 51, 3)


def _choose() -> ModuleType:
    if _stdlib.sqlite_version_info >= WAL_RESET_FIXED:
        return _stdlib
    try:
        import pysqlite3.dbapi2 as bundled
    except ImportError:
        return _stdlib
    newer: ModuleType = bundled
    return newer if newer.sqlite_version_info > _stdlib.sqlite_version_info else _stdlib


if TYPE_CHECKING:
    import sqlite3
else:
    sqlite3 = _choose()

__all__ = ["OLDEST", "WAL_RESET_FIXED", "sqlite3"]
