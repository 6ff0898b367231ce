"""The feeds that a web page names. Runs in the child."""

from __future__ import annotations

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser, LexborNode

from selfd_daemon.feeds.parsing.text import web_link

MAX_FOUND = 10
_MAX_PAGE = 1 << 20  # bytes that are looked at: a page names its feeds in its head
_FEED_TYPES = re.compile(
    r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|application/json|(?:application|text)/xml",
    re.I,
)
_FEED_PATH = re.compile(
    r"(?:/feed/?|\.(?:rss|atom|rdf)|(?:rss|atom|feed|index)\.(?:xml|json))$", re.I
)
_START_OF_PAGE = re.compile(
    rb"\s*(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|html\b)", re.I | re.S
)
_START_OF_FEED = re.compile(rb"<(?:rss|feed|rdf:RDF|channel)\b", re.I)


def looks_like_page(body: bytes, media_type: str) -> bool:
    """Say whether a body is a web page, so that it need not be tried as a feed first."""
    start = body[:4096]
    if _START_OF_FEED.search(start):
        return False
    return bool(_START_OF_PAGE.match(start.lstrip(b"\xef\xbb\xbf"))) or media_type == "text/html"


def find_feeds(body: bytes, url: str) -> Sequence[str]:
    """Return the addresses of the feeds that a page names, the best first.

    Links in its head come before links that only look like feeds, and feeds of comments last.
    """
    page = LexborHTMLParser(body[:_MAX_PAGE].decode("utf-8", "replace"))
    base = _base(page, url)
    named = [link for link in page.css("link[href]") if _names_feed(link)]
    linked = [
        link for link in page.css("a[href]") if _FEED_PATH.search(_href(link).partition("?")[0])
    ]
    found: dict[str, bool] = {}
    for link in [*named, *linked[:MAX_FOUND]]:
        address = web_link(_href(link), base)
        if address:
            about = f"{address} {link.attributes.get('title') or ''}"
            found.setdefault(address, "comment" in about.lower())
    return sorted(found, key=lambda address: found[address])[:MAX_FOUND]


def _names_feed(link: LexborNode) -> bool:
    relations = (link.attributes.get("rel") or "").lower().split()
    kind = (link.attributes.get("type") or "").partition(";")[0].strip()
    if "alternate" in relations and "stylesheet" not in relations:
        return bool(_FEED_TYPES.fullmatch(kind))
    return "feed" in relations


def _href(link: LexborNode) -> str:
    return link.attributes.get("href") or ""


def _base(page: LexborHTMLParser, url: str) -> str:
    element = page.css_first("base[href]")
    return (element and web_link(_href(element), url)) or url
