"""What is read out of a feed, whatever its format: frozen, bounded, harmless records.

They are made in the child, cross the pipe as JSON and are rebuilt by `from_json` in the daemon.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from selfd_daemon.feeds.parsing.text import one_line
from selfd_daemon.visible import visible

MAX_ENTRIES = 500
MAX_TEXT = 200_000  # characters of one entry, of its HTML and of its plain text
MAX_TITLE = 500
MAX_SUMMARY = 1_000
_MAX_GUID = 1_000

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed. `published` is None where the feed does not say when."""

    guid: str
    title: str
    url: str | None
    summary: str
    text: str
    html: str
    published: datetime | None


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """One reading of a feed. `ttl`: for how many seconds its publisher says that it stays so."""

    title: str
    version: str
    entries: Sequence[Entry]
    ttl: int | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ParsedFeed:
        """Rebuild what the child made."""
        entries = [
            Entry(**{**entry, "published": _time(entry["published"])}) for entry in data["entries"]
        ]
        return cls(**{**data, "entries": entries})


def newest(
    items: Sequence[Item], when: Callable[[Item], Any], count: int = MAX_ENTRIES
) -> Sequence[Item]:
    """Keep the newest items; feeds that mostly lack dates are taken as newest first.

    Args:
        when: the item's date in any form that sorts, None where it has none.
    """
    dates = [date for item in items if (date := when(item)) is not None]
    if len(items) <= count or len(dates) < len(items) / 2:
        return items[:count]
    return sorted(items, key=lambda item: when(item) or dates[0], reverse=True)[:count]


def stable_id(*parts: str | None) -> str:
    """Return an id for what has none of its own: the same parts give the same id."""
    hashed = hashlib.blake2b(digest_size=16)
    for part in parts:
        hashed.update((part or "").encode("utf-8", "replace") + b"\0")
    return f"hash:{hashed.hexdigest()}"


def guid_of(own: str | None, url: str | None, title: str, text: str) -> str:
    """Return the entry's own id, else its link, else a hash of what it says."""
    guid = visible(own or "").strip() or (url or "")
    if not guid:
        return stable_id(title, text)
    return guid if len(guid) <= _MAX_GUID else stable_id(guid)


def told_apart(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Give entries that share an id but differ ids of their own.

    Some feeds give every item the same guid, or leave it out and link every item to the same page.
    """
    count = Counter(entry.guid for entry in entries)
    return [
        replace(entry, guid=stable_id(entry.guid, entry.url, entry.title))
        if count[entry.guid] > 1
        else entry
        for entry in entries
    ]


def summary_of(summary: str, text: str) -> str:
    """Return a few lines for lists: the feed's own summary, else the beginning of the text."""
    return one_line(summary or text[: 2 * MAX_SUMMARY], MAX_SUMMARY)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
