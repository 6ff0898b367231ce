"""Lists of subscriptions: OPML as others export it, well-formed or not, and our own export."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, tostring

from selfd_daemon.feeds.parsing.entries import MAX_TITLE
from selfd_daemon.feeds.parsing.text import one_line
from selfd_daemon.visible import visible

MAX_FEEDS = 10_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """One feed of a list; `url` is as it was written, unchecked. `added_at` None: not said."""

    url: str
    title: str
    added_at: datetime | None = None


def read_opml(body: bytes) -> Sequence[Subscription]:
    """Return the feeds of a list in its order, each address once. Runs in the child."""
    reader = _OutlineReader()
    reader.feed(body.decode("utf-8-sig", "replace"))
    reader.close()
    return list(reader.found.values())


def write_opml(feeds: Iterable[Subscription], made_at: datetime) -> str:
    """Return an OPML document that names these feeds."""
    root = Element("opml", version="2.0")
    head = SubElement(root, "head")
    SubElement(head, "title").text = "selfd"
    SubElement(head, "dateCreated").text = format_datetime(made_at, usegmt=True)
    body = SubElement(root, "body")
    for feed in feeds:
        title = feed.title or feed.url
        outline = SubElement(body, "outline", type="rss", text=title, title=title, xmlUrl=feed.url)
        if feed.added_at:
            outline.set("created", format_datetime(feed.added_at.astimezone(UTC), usegmt=True))
    indent(ElementTree(root))
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document.decode() + "\n"


class _OutlineReader(HTMLParser):
    """Collects `<outline xmlUrl="...">`, wherever it is nested.

    Everything that matters is in attributes of one element, so that a parser which minds neither
    nesting nor missing ends reads the files that XML parsers refuse.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Subscription] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.rpartition(":")[2] != "outline" or len(self.found) == MAX_FEEDS:
            return
        values = {name: value or "" for name, value in attrs}
        url = visible(values.get("xmlurl", "")).strip()
        if url:
            title = one_line(values.get("title") or values.get("text", ""), MAX_TITLE)
            self.found.setdefault(url, Subscription(url, title, _created(values)))


def _created(values: Mapping[str, str]) -> datetime | None:
    """Return when a feed was added, as OPML 2.0 says it; others write all kinds of things here."""
    try:
        at = parsedate_to_datetime(values.get("created", ""))
    except ValueError:
        return None
    return at if at.tzinfo else None
