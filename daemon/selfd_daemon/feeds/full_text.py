"""Articles in full: the pages behind the new entries of some feeds, and any when asked for."""

from __future__ import annotations

import importlib.util
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import httpx2
import structlog

from selfd_daemon.clock import Now
from selfd_daemon.feeds.errors import FeedError, NoArticleError, RobotsError, StatusError
from selfd_daemon.feeds.fetching.addresses import checked_url, host_of
from selfd_daemon.feeds.fetching.fetch import Fetcher
from selfd_daemon.feeds.fetching.robots import NOTHING_ALLOWED, Robots
from selfd_daemon.feeds.parsing.entries import Entry
from selfd_daemon.feeds.parsing.text import html_of_text
from selfd_daemon.feeds.reader import FeedReader

AGENT = "selfd"
MOST_PAGES = 20  # of one poll; the rest keep the text that the feed has
_REMEMBERED_SITES = 1000
_ROBOTS_FOR = timedelta(hours=24)
_PAGE_HEADERS = {"accept": "text/html, application/xhtml+xml;q=0.9"}

log = structlog.get_logger(__name__)


def can_read_pages() -> bool:
    """Say whether the extra that finds articles on pages is installed."""
    return importlib.util.find_spec("trafilatura") is not None


class FullText:
    """Reads pages politely: as robots.txt allows, through the same fetcher with the same limits."""

    def __init__(
        self, feeds: Iterable[str], fetcher: Fetcher, reader: FeedReader, *, now: Now
    ) -> None:
        """Take the hosts of the feeds to read in full, `*` for all."""
        self._feeds = frozenset(name.lower() for name in feeds)
        self._fetcher = fetcher
        self._reader = reader
        self._now = now
        self._robots: OrderedDict[str, tuple[datetime, Robots]] = OrderedDict()

    def wanted(self, feed_url: str) -> bool:
        """Say whether the articles of this feed are read in full."""
        if not self._feeds:
            return False
        return "*" in self._feeds or host_of(httpx2.URL(feed_url)) in self._feeds

    async def fill(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return the entries, the first ones with the text of their pages where that is longer."""
        filled = [await self._filled(entry) for entry in entries[:MOST_PAGES]]
        return [*filled, *entries[MOST_PAGES:]]

    async def text_of(self, url: str) -> str:
        """Return the text of the article on a page.

        Raises:
            RobotsError: the site does not allow it.
            NoArticleError: there is none on it.
            FeedError: the page cannot be had or read.
        """
        if not (await self._rules(url)).allow(url):
            raise RobotsError(f"the robots.txt of {url} does not let it be read: open it yourself")
        page = await self._fetcher.get(url, headers=_PAGE_HEADERS)
        if page.media_type not in ("text/html", "application/xhtml+xml"):
            raise NoArticleError(
                f"{page.url} is {page.media_type or 'something'!r}, not a web page"
            )
        text = await self._reader.read_article(page.body, url=page.url)
        if text is None:
            raise NoArticleError(f"there is no article to speak of on {page.url}")
        return text

    async def _filled(self, entry: Entry) -> Entry:
        if entry.url is None:
            return entry
        try:
            text = await self.text_of(entry.url)
        except FeedError as error:
            log.info("page not read", url=entry.url, reason=str(error))
            return entry
        if len(text) <= len(entry.text):
            return entry
        return replace(entry, text=text, html=html_of_text(text))

    async def _rules(self, url: str) -> Robots:
        """Return the rules of a page's site, asked for at most once a day."""
        site = str(checked_url(url).join("/robots.txt"))
        known = self._robots.get(site)
        if known is None or self._now() - known[0] >= _ROBOTS_FOR:
            known = self._robots[site] = (self._now(), await self._ask(site))
        self._robots.move_to_end(site)
        while len(self._robots) > _REMEMBERED_SITES:
            self._robots.popitem(last=False)
        return known[1]

    async def _ask(self, site: str) -> Robots:
        """Read a robots.txt: without one all is allowed, while its site has trouble nothing is."""
        try:
            reply = await self._fetcher.get(site, headers={"accept": "text/plain"})
        except StatusError as error:
            there_is_none = 400 <= error.status < 500 and error.status != 429
            return Robots() if there_is_none else NOTHING_ALLOWED
        except FeedError:
            return NOTHING_ALLOWED
        return Robots.parse(reply.body, AGENT)
