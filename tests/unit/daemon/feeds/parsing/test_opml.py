"""Lists of subscriptions are read however they are written, and ours can be read by others."""

from __future__ import annotations

from datetime import UTC, datetime

from selfd_daemon.feeds.parsing.opml import MAX_FEEDS, Subscription, read_opml, write_opml

AT = datetime(2026, 11, 21, tzinfo=UTC)


def test_nested_outlines_with_any_case_are_read_once_each() -> None:
    body = b"""<?xml version="1.0"?><opml version="2.0"><head><title>x</title></head><body>
        <outline text="Group"><outline text="A &amp; B" title="" XMLURL=" https://a.example/f "/>
        <outline title="Again" xmlUrl="https://a.example/f"/></outline>
        <outline type="rss" text="<em>C</em>" xmlUrl="https://c.example/?a=1&amp;b=2"/>
        <outline text="no feed" htmlUrl="https://d.example/"/></body>"""
    assert read_opml(body) == [
        Subscription("https://a.example/f", "A & B"),
        Subscription("https://c.example/?a=1&b=2", "<em>C</em>"),
    ]


def test_what_is_written_is_read_back_the_same() -> None:
    feeds = [
        Subscription("https://a.example/?x=1&y=2", 'Quotes " and <tags>'),
        Subscription("https://b.example/", "Zürich 東京"),
    ]
    text = write_opml(feeds, AT)
    assert text.startswith("<?xml version='1.0' encoding='utf-8'?>")
    assert read_opml(text.encode()) == feeds


def test_a_feed_without_title_is_listed_under_its_address() -> None:
    assert 'text="https://a.example/"' in write_opml([Subscription("https://a.example/", "")], AT)


def test_a_list_has_an_end() -> None:
    body = b"".join(b'<outline xmlUrl="https://a.example/%d"/>' % n for n in range(MAX_FEEDS + 5))
    assert len(read_opml(body)) == MAX_FEEDS
