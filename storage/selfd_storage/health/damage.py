"""What is known to be damaged, until it is forgotten or mended."""

from __future__ import annotations

from collections.abc import Sequence

from selfd_storage.records import EventRecord

MOST_NAMED = 10


class Damage:
    """Ids of damaged rows, and what SQLite minds about the file (`complaints`)."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._ids: set[str] = set()

    def note(self, id: str) -> None:
        """Remember a damaged row; safe on any thread."""
        self._ids.add(id)

    def apply(self, events: Sequence[EventRecord]) -> None:
        """Follow what was committed: a forgotten row is no problem any more."""
        for event in events:
            if event.kind == "memory.forgotten" and event.subject is not None:
                self._ids.discard(event.subject)

    def problems(self) -> list[str]:
        """Return the damage in words that a person can act on."""
        found = [
            f"selfd.db is damaged ({complaint}): restore a backup with selfd restore"
            for complaint in self.complaints[:1]
        ]
        named = sorted(self._ids)
        found += [
            f"{id} is damaged: restore a backup with selfd restore, or forget it"
            for id in named[:MOST_NAMED]
        ]
        if len(named) > MOST_NAMED:
            found.append(f"{len(named) - MOST_NAMED} more rows are damaged")
        return found
