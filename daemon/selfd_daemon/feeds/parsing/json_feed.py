"""JSON Feed 1.0 and 1.1, as lenient as its publishers are. Runs in the child."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from selfd_daemon.feeds.parsing.dates import from_iso, from_relative
from selfd_daemon.feeds.parsing.entries import (
    MAX_TEXT,
    MAX_TITLE,
    Entry,
    ParsedFeed,
    guid_of,
    newest,
    summary_of,
)
from selfd_daemon.feeds.parsing.text import (
    html_of_text,
    one_line,
    paragraphs,
    plain_text,
    safe_html,
    web_link,
)

_MEMBERS = frozenset({"url", "content_html", "content_text", "date_published"})
_WHITE_SPACE_AND_MARKS = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"


def looks_like_json(body: bytes) -> bool:
    """Say whether the first character of a body is that of a JSON object."""
    return body[:64].lstrip(_WHITE_SPACE_AND_MARKS)[:1] == b"{"


def read_json(body: bytes, *, url: str, now: datetime) -> ParsedFeed | None:
    """Read a feed, None where it is none; entries are neither counted nor told apart yet."""
    try:
        data = json.loads(body.decode(json.detect_encoding(body), "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        return None
    items = [item for item in items if isinstance(item, dict)]
    version = _text(data, "version")
    if "jsonfeed.org" not in version and not any(_MEMBERS & item.keys() for item in items):
        return None
    return ParsedFeed(
        title=one_line(_text(data, "title"), MAX_TITLE),
        version="json" + version.rpartition("/")[2][:8],
        entries=[_entry(item, url, now) for item in _chosen(items)],
    )


def _chosen(items: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return newest(items, lambda item: _text(item, "date_published") or None)


def _entry(item: Mapping[str, Any], base: str, now: datetime) -> Entry:
    source = _text(item, "content_html")[:MAX_TEXT]
    text = plain_text(source, MAX_TEXT) if source else ""
    text = text or paragraphs(_text(item, "content_text"), MAX_TEXT)
    summary = paragraphs(_text(item, "summary"), MAX_TEXT)
    link = web_link(_text(item, "url"), base) or web_link(_text(item, "external_url"), base)
    title = one_line(_text(item, "title"), MAX_TITLE)
    return Entry(
        guid=guid_of(_text(item, "id"), link, title, text or summary),
        title=title or one_line(text or summary, 100) or link or "",
        url=link,
        summary=summary_of(summary, text),
        text=text or summary,
        html=safe_html(source, base) if source else html_of_text(text or summary),
        published=_published(item, now),
    )


def _published(item: Mapping[str, Any], now: datetime) -> datetime | None:
    for name in ("date_published", "date_modified"):
        text = _text(item, name)
        at = from_iso(text, now) or from_relative(text, now)
        if at:
            return at
    return None


def _text(item: Mapping[str, Any], name: str) -> str:
    """Return a member as text; numbers count, since many ids are written as such."""
    value = item.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
