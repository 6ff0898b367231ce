"""The article on a web page, without what is around it, by trafilatura. Runs in the child."""

from __future__ import annotations

from selfd_daemon.feeds.parsing.entries import MAX_TEXT
from selfd_daemon.feeds.parsing.text import paragraphs

MIN_TEXT = 200  # characters; less is a cookie notice or the teaser that the feed has already


def read_article(body: bytes, *, url: str) -> str | None:
    """Return the text of the article on a page, None where there is none to speak of."""
    import trafilatura  # part of an extra, and large

    found = trafilatura.extract(
        body, url=url, fast=True, include_comments=False, include_tables=True, deduplicate=False
    )
    text = paragraphs(found or "", MAX_TEXT)
    return text if len(text) >= MIN_TEXT else None
