"""Small JSON values by name: when selfd was born, how far a check has come. Never secrets."""

from __future__ import annotations

import json
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.records import EventRecord


class Values:
    """Reads and writes the small values."""

    def __init__(self, database: Database[EventRecord]) -> None:
        self._database = database

    async def get(self, key: str) -> Any | None:
        """Return the value of that name, None where there is none."""
        return await self._database.read(lambda db: read_value(db, key))

    async def set(self, key: str, value: Any) -> None:
        """Store a value under a name in place of the one before."""
        await self._database.write(lambda tx: write_value(tx, key, value))


def read_value(db: sqlite3.Connection, key: str) -> Any | None:
    """Return the value of that name, None where there is none."""
    row = db.execute("SELECT value FROM settings WHERE key = :key", {"key": key}).fetchone()
    return None if row is None else json.loads(row[0])


def write_value(tx: Transaction, key: str, value: Any) -> None:
    """Store a value under a name in place of the one before."""
    tx.execute(
        "INSERT INTO settings (key, value) VALUES (:key, :value)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        {"key": key, "value": json.dumps(value)},
    )
