"""The function that the child runs: whatever came back from the web, as a feed or as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from selfd_daemon.feeds.parsing.discovery import find_feeds, looks_like_page
from selfd_daemon.feeds.parsing.entries import ParsedFeed, told_apart
from selfd_daemon.feeds.parsing.json_feed import looks_like_json, read_json
from selfd_daemon.feeds.parsing.xml_feed import read_xml


@dataclass(frozen=True, slots=True)
class Reading:
    """A feed, or the feeds that a page names, or neither."""

    feed: ParsedFeed | None
    links: Sequence[str] = ()


def read(body: bytes, *, url: str, headers: Mapping[str, str], now: str) -> Reading:
    """Read a reply's body.

    Args:
        url: where it came from; links are made absolute with it.
        headers: content-type, content-location and content-language, as far as there are any.
        now: the time of the reading, for relative dates.
    """
    at = datetime.fromisoformat(now)
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if looks_like_json(body):
        feed = read_json(body, url=url, now=at)
    elif looks_like_page(body, media_type):
        feed = None
    else:
        feed = read_xml(body, url=url, headers=headers, now=at)
    if feed is None:
        return Reading(None, find_feeds(body, url))
    return Reading(replace(feed, entries=told_apart(feed.entries)))
