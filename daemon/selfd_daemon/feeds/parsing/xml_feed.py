"""RSS 0.9x to 2.0, RDF, Atom and CDF, by feedparser. Runs in the child."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import feedparser

from selfd_daemon.feeds.parsing.dates import from_relative, from_struct
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

# feedparser needs quadratic time for attributes: 200 kB of them take 3 s, 2.5 MB take minutes.
_MAX_TAG = 64 * 1024
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d}" % _MAX_TAG)
# Entities that are made of others can only be bombs, and external ones would be fetched.
_ENTITY = re.compile(rb"""<!ENTITY\s[^>"']*(?:"[^"]*"|'[^']*')[^>]*>""", re.IGNORECASE)
_NESTED_OR_EXTERNAL = re.compile(rb"""&(?!#)|%|^[^"']*\s(?:SYSTEM|PUBLIC)\s""", re.IGNORECASE)
_DOCTYPE_END = re.compile(rb"\]\s*>")
_ITEM_START = re.compile(rb"<(?:item|entry)[\s>]")
_ITEM_END = re.compile(rb"</(?:item|entry)\s*>")
_ITEMS_READ = 2_000  # at either end of a feed with more: 50,000 items take feedparser 5 s
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000}
_MAX_TTL = 7 * 86_400


class LongTagError(ValueError):
    """One tag is longer than any feed needs."""


def read_xml(
    body: bytes, *, url: str, headers: Mapping[str, str], now: datetime
) -> ParsedFeed | None:
    """Read a feed, None where it is none; entries are neither counted nor told apart yet."""
    if _LONG_TAG.search(body):
        raise LongTagError(f"it holds a tag of more than {_MAX_TAG:,} bytes")
    # A stream, because feedparser opens files and URLs for anything else that looks like a name.
    parsed = feedparser.parse(
        io.BytesIO(_without_middle(_without_bombs(body))),
        response_headers={"content-location": url, **headers},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    # As plain dicts: feedparser's own warn when a key is only there by another name.
    version, channel = parsed.get("version", ""), dict(parsed.feed)
    items = [dict(entry) for entry in parsed.entries]
    if not (version or items):
        return None
    title = _plain(channel, "title")
    return ParsedFeed(
        title=one_line(title, MAX_TITLE),
        version=version or "unknown",
        entries=[_entry(entry, url, now) for entry in newest(items, _struct)],
        ttl=_ttl(channel),
    )


def _without_bombs(body: bytes) -> bytes:
    """Remove the definitions of entities that refer to anything."""
    start = body[:4096].upper().find(b"<!DOCTYPE")
    end = _DOCTYPE_END.search(body, start) if start >= 0 else None
    if end is None:
        return body
    kept = _ENTITY.sub(
        lambda entity: b"" if _NESTED_OR_EXTERNAL.search(entity[0]) else entity[0],
        body[: end.end()],
    )
    return kept + body[end.end() :]


def _without_middle(body: bytes) -> bytes:
    """Keep the first and the last items of an endless archive; new ones are at either end."""
    starts = [match.start() for match in _ITEM_START.finditer(body)]
    if len(starts) <= 2 * _ITEMS_READ:
        return body
    first_end = _ITEM_END.search(body, starts[_ITEMS_READ - 1])
    if first_end is None:
        return body
    return body[: first_end.end()] + body[starts[-_ITEMS_READ] :]


def _entry(entry: Mapping[str, Any], base: str, now: datetime) -> Entry:
    content = _content(entry)
    summary = entry.get("summary_detail")
    html, text = _body(content or summary, base)
    link = _link(entry, base)
    title = one_line(_plain(entry, "title"), MAX_TITLE)
    short = _body(summary, base)[1] if content and summary else ""
    return Entry(
        guid=guid_of(entry.get("id"), link, title, text),
        title=title or one_line(text, 100) or link or "",
        url=link,
        summary=summary_of(short, text),
        text=text,
        html=html,
        published=_published(entry, now),
    )


def _content(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the fullest content, HTML before text."""
    contents = [part for part in entry.get("content") or () if part.get("value")]
    return max(
        contents,
        key=lambda part: (part.get("type") in _HTML_TYPES, len(part["value"])),
        default=None,
    )


def _body(detail: Mapping[str, Any] | None, base: str) -> tuple[str, str]:
    """Return safe HTML and plain text of one feedparser detail."""
    value = str((detail or {}).get("value") or "")[:MAX_TEXT]
    if detail is None or not value:
        return "", ""
    if detail.get("type") in _HTML_TYPES:
        return safe_html(value, detail.get("base") or base), plain_text(value, MAX_TEXT)
    text = paragraphs(value, MAX_TEXT)
    return html_of_text(text), text


def _plain(source: Mapping[str, Any], name: str) -> str:
    detail = source.get(f"{name}_detail") or {"value": source.get(name)}
    return _body({**detail, "value": str(detail.get("value") or "")[: 4 * MAX_TITLE]}, "")[1]


def _link(entry: Mapping[str, Any], base: str) -> str | None:
    """Return the entry's page, else its first enclosure: a podcast may have nothing else."""
    links = entry.get("links") or ()
    candidates = [entry.get("link"), entry.get("feedburner_origlink")]
    candidates += [link.get("href") for link in links if link.get("rel") == "enclosure"]
    found = (web_link(str(link), base) for link in candidates if link)
    return next((link for link in found if link), None)


def _struct(entry: Mapping[str, Any]) -> time.struct_time | None:
    return entry.get("published_parsed") or entry.get("updated_parsed")


def _published(entry: Mapping[str, Any], now: datetime) -> datetime | None:
    for name in ("published", "updated", "created"):
        at = from_struct(entry.get(f"{name}_parsed"), now)
        at = at or from_relative(str(entry.get(name) or ""), now)
        if at:
            return at
    return None


def _ttl(feed: Mapping[str, Any]) -> int | None:
    """Return how long the publisher says that the feed stays as it is, in seconds."""
    try:
        if "ttl" in feed:
            seconds = int(float(feed["ttl"]) * 60)
        elif "sy_updateperiod" in feed:
            period = _PERIODS[feed["sy_updateperiod"].strip().lower()]
            seconds = int(period / max(float(feed.get("sy_updatefrequency") or 1), 1e-3))
        else:
            return None
    except (ValueError, TypeError, KeyError, OverflowError):
        return None
    return min(seconds, _MAX_TTL) if seconds > 0 else None
