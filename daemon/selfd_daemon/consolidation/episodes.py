"""Which memories belong together: those of one source with no long pause between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b

from selfd_storage import EpisodeMember

PAUSE = timedelta(hours=3)  # after it, another episode begins
LARGEST = 400  # memories; a longer stretch is cut
EDITION = 1  # of the way to reflect; a higher one reflects on everything anew


class Episodes:
    """Takes memories in the order of their time, and gives out each episode once it is over."""

    def __init__(self) -> None:
        self._open: dict[str | None, list[EpisodeMember]] = {}

    def take(self, member: EpisodeMember) -> Iterator[list[EpisodeMember]]:
        """Add a memory, and yield the episodes that ended before it."""
        for source in [s for s, found in self._open.items() if _is_over(found, member.at)]:
            yield self._open.pop(source)
        found = self._open.setdefault(member.source, [])
        found.append(member)
        if len(found) == LARGEST:
            yield self._open.pop(member.source)

    def over(self, now: datetime) -> Iterator[list[EpisodeMember]]:
        """Yield what is over by now; an episode that goes on is left for another night."""
        for found in self._open.values():
            if _is_over(found, now):
                yield found


def fingerprint(members: list[EpisodeMember]) -> bytes:
    """Return what is the same for the same memories with the same content, and for no others."""
    digest = blake2b(bytes([EDITION]), digest_size=16)
    for member in sorted(members, key=lambda each: each.id):
        digest.update(f"{member.id}\n".encode())
        digest.update(member.hash)
    return digest.digest()


def _is_over(members: list[EpisodeMember], now: datetime) -> bool:
    return now - members[-1].at > PAUSE
