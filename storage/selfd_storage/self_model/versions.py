"""The self-model through time: whole versions, verified by hash, thinner the older they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.ids import make_id
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.records import EventRecord
from selfd_storage.self_model.records import SelfVersionRecord
from selfd_storage.times import from_ms, to_ms

_AS_OF = """
SELECT id, at, codec, size, hash, body FROM self_versions
WHERE at <= :at ORDER BY at DESC, id DESC LIMIT 1
"""
_INSERT = """
INSERT INTO self_versions (at, tier, codec, dictionary, size, hash, body)
VALUES (:at, :tier, :codec, :dictionary, :size, :hash, :body)
"""
# Keeps the last version of each span; the newest of all is never older than `before`.
_THIN = """
DELETE FROM self_versions WHERE at >= :after AND at < :before AND id NOT IN (
    SELECT max(id) FROM self_versions WHERE at >= :after AND at < :before GROUP BY at / :span
)
"""


def packed_state(state: Mapping[str, Any]) -> bytes:
    """Return a state as the bytes that are stored and hashed."""
    return json.dumps(state, separators=(",", ":"), ensure_ascii=False).encode()


class SelfVersions:
    """Keeps every version of the last days, then one an hour, then one a day."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def add(self, state: Mapping[str, Any]) -> SelfVersionRecord:
        """Write how the self-model is from now on."""
        raw = packed_state(state)

        def write(tx: Transaction) -> SelfVersionRecord:
            at = to_ms(self._now())
            body = pack("self", raw, at)
            tx.execute(_INSERT, {"at": at, **body})
            return SelfVersionRecord(from_ms(at), body["hash"].hex(), json.loads(raw))

        return await self._database.write(write)

    async def as_of(self, at: datetime) -> SelfVersionRecord | None:
        """Return the version that held at a moment, None before the first.

        Raises:
            IntegrityError: it is not what was written.
        """

        def read(db: sqlite3.Connection) -> SelfVersionRecord | None:
            row = db.execute(_AS_OF, {"at": to_ms(at)}).fetchone()
            if row is None:
                return None
            number, began, codec, size, hash, body = row
            raw = unpack(make_id("self", number), "self", codec, size, hash, body, began)
            return SelfVersionRecord(from_ms(began), hash.hex(), json.loads(raw))

        return await self._database.read(read)

    async def thin(self, *, after: datetime, before: datetime, span: timedelta) -> int:
        """Keep one version of each span between two moments, and return how many went."""
        values = {
            "after": to_ms(after),
            "before": to_ms(before),
            "span": span // timedelta(milliseconds=1),
        }
        return await self._database.write(lambda tx: int(tx.execute(_THIN, values).rowcount))

    async def count(self) -> int:
        """Return how many versions are kept."""
        return await self._database.read(
            lambda db: int(db.execute("SELECT count(*) FROM self_versions").fetchone()[0])
        )
