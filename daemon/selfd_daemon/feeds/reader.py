"""Reading what strangers wrote, in children that may be killed: the daemon's side of `parsing`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from selfd_daemon.child import Child
from selfd_daemon.clock import Now
from selfd_daemon.errors import ChildDiedError, ChildError, ChildTaskError
from selfd_daemon.feeds.errors import OpmlError, ParserError
from selfd_daemon.feeds.parsing.article_page import read_article
from selfd_daemon.feeds.parsing.entries import ParsedFeed
from selfd_daemon.feeds.parsing.opml import Subscription, read_opml
from selfd_daemon.feeds.parsing.reading import read

SECONDS = 4.0  # of processor time; the slowest of 3,400 captured feeds takes 1.3
WALL_SECONDS = 5.5  # with the fetch, a hostile feed has failed within 6
MEMORY_BYTES = 768 << 20
_CHILDREN = 2
_IDLE_SECONDS = 30.0
_USED_HEADERS = ("content-type", "content-location", "content-language")


@dataclass(frozen=True, slots=True)
class Found:
    """What a reply turned out to be: a feed, or else a page with the feeds that it names."""

    feed: ParsedFeed | None
    links: Sequence[str]


class FeedReader:
    """A few children, started when there is something to read and put away when there is not."""

    def __init__(
        self,
        *,
        now: Now,
        seconds: float = SECONDS,
        wall_seconds: float = WALL_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._now = now
        self._children = [
            Child(
                "feed parser",
                seconds=seconds,
                wall_seconds=wall_seconds,
                memory_bytes=memory_bytes,
                idle_seconds=_IDLE_SECONDS,
            )
            for _ in range(_CHILDREN)
        ]
        # Last in, first out: the second one is started only when the first is busy.
        self._free: asyncio.LifoQueue[Child] = asyncio.LifoQueue()
        for child in self._children:
            self._free.put_nowait(child)

    async def close(self) -> None:
        """End the children."""
        await asyncio.gather(*(child.close() for child in self._children))

    async def read(self, body: bytes, *, url: str, headers: Mapping[str, str]) -> Found:
        """Read a reply.

        Raises:
            ParserError: it takes too long, too much memory, or breaks the parser.
        """
        used = {name: headers[name] for name in _USED_HEADERS if name in headers}
        now: datetime = self._now()
        try:
            data = await self._call(read, body, url=url, headers=used, now=now.isoformat())
        except ChildError as error:
            raise ParserError(_what_went_wrong(error)) from error
        feed = ParsedFeed.from_json(data["feed"]) if data["feed"] else None
        return Found(feed, data["links"])

    async def read_article(self, body: bytes, *, url: str) -> str | None:
        """Return the text of the article on a page, None where there is none.

        Raises:
            ParserError: as `read`.
        """
        try:
            text: str | None = await self._call(read_article, body, url=url)
        except ChildError as error:
            raise ParserError(_what_went_wrong(error)) from error
        return text

    async def read_opml(self, text: str) -> Sequence[Subscription]:
        """Read a list of subscriptions.

        Raises:
            OpmlError: it cannot be read, or names no feed.
        """
        try:
            data = await self._call(read_opml, text.encode("utf-8", "replace"))
        except ChildError as error:
            raise OpmlError(f"the list cannot be read: {_what_went_wrong(error)}") from error
        if not data:
            raise OpmlError('the list names no feed: OPML has lines like <outline xmlUrl="..."/>')
        return [Subscription(**subscription) for subscription in data]

    async def _call(self, function: Callable[..., Any], body: bytes, **options: Any) -> Any:
        child = await self._free.get()
        try:
            return await child.call(function, body, **options)
        finally:
            self._free.put_nowait(child)


def _what_went_wrong(error: ChildError) -> str:
    match error:
        case ChildTaskError(type="LongTagError"):
            return str(error)
        case ChildTaskError():
            return f"the feed parser failed on it ({error.type}: {str(error)[:200]})"
        case ChildDiedError():
            return f"it broke the feed parser: {error}"
        case _:
            return str(error)
