"""Feeds as text, written for the tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape


def rss(title: str, items: Iterable[str], extra: str = "") -> bytes:
    """An RSS 2.0 feed of ready-made items."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<rss version="2.0"><channel><title>{escape(title)}</title>{extra}'
        f"{''.join(items)}</channel></rss>"
    ).encode()


def item(name: str, *, text: str = "", at: datetime | None = None, guid: str | None = None) -> str:
    """An item with a link of its own; `text` may be HTML."""
    date = f"<pubDate>{format_datetime(at, usegmt=True)}</pubDate>" if at else ""
    body = escape(text or f"This is the whole text of the news that is called {name}.")
    return (
        f"<item><title>{escape(name)}</title><link>https://news.example/{escape(name)}</link>"
        f"<guid>{escape(guid or name)}</guid>{date}<description>{body}</description></item>"
    )
