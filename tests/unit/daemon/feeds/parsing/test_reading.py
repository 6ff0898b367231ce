"""Feeds of every format are read into the same harmless entries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from selfd_daemon.feeds.parsing.entries import MAX_ENTRIES, MAX_TEXT, ParsedFeed
from selfd_daemon.feeds.parsing.reading import read
from selfd_daemon.feeds.parsing.xml_feed import LongTagError
from support.feed_pages import item, rss

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
URL = "https://news.example/feed.xml"


def reading(body: bytes | str, **headers: str) -> ParsedFeed:
    """Read a body that is a feed."""
    raw = body.encode() if isinstance(body, str) else body
    found = read(
        raw,
        url=URL,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        now=NOW.isoformat(),
    )
    assert found.feed is not None
    return found.feed


def only(body: bytes | str, **headers: str) -> Any:
    """Read a feed of one entry."""
    (entry,) = reading(body, **headers).entries
    return entry


FORMATS = {
    "rss20": """<rss version="2.0"><channel><title>News</title><item><title>One</title>
        <link>https://a.example/1</link><guid isPermaLink="false">id-1</guid>
        <pubDate>Fri, 20 Nov 2026 10:00:00 GMT</pubDate><description>Text.</description></item>
        </channel></rss>""",
    "rss091u": """<rss version="0.91"><channel><title>News</title><item><title>One</title>
        <link>https://a.example/1</link><description>Text.</description></item></channel></rss>""",
    "rss10": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="https://a.example/"><title>News</title></channel>
        <item rdf:about="id-1"><title>One</title><link>https://a.example/1</link>
        <dc:date>2026-11-20T10:00:00Z</dc:date><description>Text.</description></item></rdf:RDF>""",
    "atom10": """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title><entry>
        <title>One</title><link href="https://a.example/1"/><id>id-1</id>
        <updated>2026-11-20T11:00:00+01:00</updated><content type="html">&lt;p&gt;Text.&lt;/p&gt;
        </content></entry></feed>""",
    "atom03": """<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>News</title><entry>
        <title>One</title><link rel="alternate" type="text/html" href="https://a.example/1"/>
        <id>id-1</id><issued>2026-11-20T10:00:00Z</issued><content>Text.</content></entry></feed>""",
    "json1.1": """{"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [
        {"id": "id-1", "url": "https://a.example/1", "title": "One",
         "content_html": "<p>Text.</p>", "date_published": "2026-11-20T10:00:00Z"}]}""",
}


@pytest.mark.parametrize("version", FORMATS)
def test_every_format_gives_the_same_entry(version: str) -> None:
    feed = reading(FORMATS[version])
    assert (feed.version, feed.title) == (version, "News")
    (entry,) = feed.entries
    assert (entry.title, entry.url, entry.text) == ("One", "https://a.example/1", "Text.")
    assert entry.summary == "Text."
    if version != "rss091u":
        assert entry.published == datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
    if version not in ("rss091u", "rss10"):
        assert entry.guid == "id-1" or entry.guid.endswith("/id-1")


def test_the_longest_content_is_the_text_and_the_summary_stays_one() -> None:
    entry = only("""<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">
        <channel><item><title>x</title><description>Short &amp;amp; sweet.</description>
        <content:encoded><![CDATA[<p>The <i>whole</i> story.</p><p>Two.</p>]]></content:encoded>
        </item></channel></rss>""")
    assert entry.text == "The whole story.\n\nTwo."
    assert entry.html == "<p>The <i>whole</i> story.</p><p>Two.</p>"
    assert entry.summary == "Short & sweet."


def test_titles_are_plain_text_whatever_they_were_written_as() -> None:
    titles = [
        "<title>AT&amp;amp;T &amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;</title>",
        "<title><![CDATA[Say <em>this</em>]]></title>",
        "<title>  two\n lines </title>",
        "<title>&lt;i&gt;Hi&lt;/i&gt;</title>",
    ]
    feed = reading(rss("T", [f"<item>{title}</item>" for title in titles]))
    assert [entry.title for entry in feed.entries] == [
        "AT&T <b>bold</b>", "Say this", "two lines", "Hi",
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "utf-16", "koi8-r"])
def test_encodings_are_read_from_the_declaration(encoding: str) -> None:
    word = "Привет" if encoding == "koi8-r" else "Zürich"
    text = f"<?xml version='1.0' encoding='{encoding}'?><rss version='2.0'><channel>"
    text += f"<item><title>{word}</title></item></channel></rss>"
    assert only(text.encode(encoding)).title == word


def test_encodings_are_read_from_the_header_and_survive_a_wrong_one() -> None:
    text = "<rss version='2.0'><channel><item><title>Zürich</title></item></channel></rss>"
    assert only(text.encode("iso-8859-15"), content_type="text/xml; charset=iso-8859-15").title == (
        "Zürich"
    )
    assert only(text.encode(), content_type="text/xml; charset=us-ascii").title == "Zürich"
    assert only(text.encode(), content_type="text/xml; charset=nonsense").title == "Zürich"


def test_ill_formed_feeds_are_read_as_far_as_they_go() -> None:
    cut = rss("News", [item("a"), item("b")])[:-40]
    assert [entry.title for entry in reading(cut).entries] == ["a", "b"]
    assert (
        only(b"\n\n<rss version='2.0'><channel><item><title>A & B</title></item>").title == "A & B"
    )


def test_entries_without_an_id_keep_the_one_that_they_are_given() -> None:
    body = rss("T", ["<item><title>One</title></item>", "<item><title>Two</title></item>"])
    first, second = (entry.guid for entry in reading(body).entries)
    assert first.startswith("hash:")
    assert first != second
    assert [entry.guid for entry in reading(body).entries] == [first, second]
    assert only(rss("T", ["<item><link>https://a.example/x</link></item>"])).guid == (
        "https://a.example/x"
    )


def test_different_entries_with_one_guid_are_told_apart_and_repetitions_are_not() -> None:
    same = [item("a", guid="same"), item("b", guid="same"), item("b", guid="same"), item("c")]
    guids = [entry.guid for entry in reading(rss("T", same)).entries]
    assert len(set(guids)) == 3
    assert guids[1] == guids[2]
    assert guids[3] == "https://news.example/c", "a guid is an address unless it says otherwise"


def test_a_very_long_guid_is_shortened_to_its_hash() -> None:
    assert only(rss("T", [item("a", guid="x" * 5000)])).guid.startswith("hash:")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Fri, 20 Nov 2026 10:00:00 +0200", datetime(2026, 11, 20, 8, 0, tzinfo=UTC)),
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("3 hours ago", NOW - timedelta(hours=3)),
        ("about an hour ago", NOW - timedelta(hours=1)),
        ("Yesterday", NOW - timedelta(days=1)),
        ("Sun, 21 Nov 2027 12:00:00 GMT", NOW),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_are_absolute_relative_or_none(date: str, expected: datetime | None) -> None:
    entry = only(rss("T", [f"<item><title>x</title><pubDate>{date}</pubDate></item>"]))
    assert entry.published == expected


def test_an_updated_entry_keeps_the_date_of_its_publication() -> None:
    entry = only("""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title><id>1</id>
        <updated>2026-11-20T00:00:00Z</updated><published>2026-11-01T00:00:00Z</published>
        </entry></feed>""")
    assert entry.published == datetime(2026, 11, 1, tzinfo=UTC)


def test_links_are_absolute_and_unsafe_ones_are_none() -> None:
    body = rss("T", [
        "<item><title>a</title><link>/relative</link></item>",
        "<item><title>b</title><link>javascript:alert(1)</link></item>",
        "<item><enclosure url='https://pod.example/1.mp3' type='audio/mpeg'/></item>",
    ])  # fmt: skip
    assert [entry.url for entry in reading(body).entries] == [
        "https://news.example/relative", None, "https://pod.example/1.mp3",
    ]  # fmt: skip


def test_only_the_newest_entries_of_a_long_feed_are_kept_even_when_they_come_last() -> None:
    body = rss("T", [item(str(n), at=NOW - timedelta(hours=900 - n)) for n in range(900)])
    titles = {entry.title for entry in reading(body).entries}
    assert len(titles) == MAX_ENTRIES
    assert "899" in titles
    assert "0" not in titles


def test_one_entry_holds_at_most_200_kilobytes() -> None:
    entry = only(rss("T", [item("a", text="word " * 100_000)]))
    assert len(entry.text) <= MAX_TEXT
    assert len(entry.summary) <= 1000


@pytest.mark.parametrize(
    ("channel", "seconds"),
    [
        ("<ttl>60</ttl>", 3600),
        ("<ttl>0</ttl>", None),
        ("<ttl>often</ttl>", None),
        ("<ttl>99999999999</ttl>", 7 * 86_400),
        ("", None),
    ],
)
def test_the_publishers_own_interval_is_read(channel: str, seconds: int | None) -> None:
    assert reading(rss("T", [], extra=channel)).ttl == seconds


def test_syndication_periods_are_read() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
        <channel><title>T</title><sy:updatePeriod>hourly</sy:updatePeriod>
        <sy:updateFrequency>2</sy:updateFrequency></channel></rdf:RDF>"""
    assert reading(body).ttl == 1800


@pytest.mark.parametrize(
    "body",
    [b"", b"   ", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(500), b"<html><body>Hi", b"{", b"[]",
     b'{"items": 5}', b'{"items": [{"a": 1}]}', b'{"a": ' * 100_000],
)  # fmt: skip
def test_what_is_no_feed_is_told(body: bytes) -> None:
    assert read(body, url=URL, headers={}, now=NOW.isoformat()).feed is None


def test_json_feeds_are_read_as_leniently_as_they_are_written() -> None:
    feed = reading(
        '\ufeff{"version": "https://jsonfeed.org/version/1", "title": "T\\ud800", "items": ['
        '{"id": 7, "content_text": "a\tb"}, {"id": null, "external_url": "https://x.example/1"},'
        ' "nonsense", {"id": "9", "url": "javascript:x", "content_html": "<script>x</script>Hi"}]}'
    )
    assert feed.title == "T"
    assert [(entry.guid, entry.url, entry.text) for entry in feed.entries] == [
        ("7", None, "a b"), ("https://x.example/1", "https://x.example/1", ""), ("9", None, "Hi"),
    ]  # fmt: skip


def test_a_long_tag_is_refused_before_it_is_read() -> None:
    body = b"<rss version='2.0'><channel><item " + b"a='b' " * 20_000 + b"/></channel></rss>"
    with pytest.raises(LongTagError, match="65,536"):
        read(body, url=URL, headers={}, now=NOW.isoformat())


def test_a_feed_survives_the_way_through_json() -> None:
    import orjson

    feed = reading(rss("News", [item("a", at=NOW), item("b")]))
    assert ParsedFeed.from_json(orjson.loads(orjson.dumps(feed))) == feed
