"""Pages to text: what a person reads, and nothing that a browser would not show."""

from __future__ import annotations

import pytest

from selfd_daemon.documents.html import page_text


def test_a_page_becomes_lines_with_headings_and_lists() -> None:
    html = """<html><head><title>Tea</title><style>p {}</style></head><body>
      <nav>Home</nav><h1>Making <em>tea</em></h1><p>Boil
      the&nbsp;water &amp; wait.</p>
      <ul><li>green<li><p>black</p><ul><li>strong</ul></ul>
      <pre>def pour():
    return 1</pre><table><tr><td>a<td>b<tr><td>c<td>d</table>one<br>two
      <script>alert(1)</script><footer>(c)</footer></body></html>"""
    assert page_text(html) == (
        "# Tea\n\n# Making tea\n\nBoil the\xa0water & wait.\n\n- green\n- black\n\n- strong\n\n"
        "def pour():\n    return 1\n\na | b\nc | d\n\none\ntwo"
    )


def test_a_title_that_is_a_heading_is_not_said_twice() -> None:
    assert page_text("<title>Tea</title><h1>Tea</h1><p>Hot.") == "# Tea\n\nHot."


def test_the_main_part_is_the_text_where_it_stands_out() -> None:
    html = "<body><div>Cookies?</div><main><p>" + "The news. " * 20 + "</p></main></body>"
    assert "Cookies" not in page_text(html)
    assert "Cookies" in page_text("<div>Cookies and more words</div><main>x</main>")


@pytest.mark.parametrize("html", ["", "<html></html>", "<!-- -->", "<script>x</script>"])
def test_a_page_without_words_is_empty(html: str) -> None:
    assert page_text(html) == ""


@pytest.mark.parametrize(
    "html", ["<p>a <b>word", "<b><p></b>a word</p>", "\0<p>a word", "<p>a word</div></p></table>"]
)
def test_broken_markup_is_read_as_browsers_read_it(html: str) -> None:
    assert page_text(html).endswith("a word")


def test_a_page_nested_a_thousand_deep_is_read() -> None:
    assert page_text("<div>" * 1000 + "deep") == "deep"
