"""Where a quote is from, as exactly as it can be said."""

from __future__ import annotations

from typing import Any

import pytest

from selfd_daemon.cli.terminal.sources import print_citations

POEM = {
    "__typename": "DocumentChunk",
    "id": "chunk:7",
    "path": "/books/poem.txt",
    "startLine": 10,
    "endLine": 13,
    "text": "First line.\nSecond line\ngoes on.\nThird.",
}
PAGE = {
    **POEM,
    "path": "/books/poem.pdf",
    "text": "Page 4\n\nFirst line.\nSecond line\ngoes on.\nThird.",
}
ARTICLE = {
    "__typename": "Article",
    "id": "article:3",
    "title": "A title",
    "url": "https://example.org/a",
    "publishedAt": None,
    "feed": {"title": "A feed"},
}
MEMORY = {
    "__typename": "Memory",
    "id": "memory:1",
    "kind": "FACT",
    "source": "diary",
    "createdAt": "2026-11-21T12:00:00+00:00",
}


@pytest.mark.parametrize(
    ("item", "quote", "shown"),
    [
        (POEM, "First line.", "[1] /books/poem.txt:10  chunk:7"),
        (POEM, "Second line\ngoes on.", "[1] /books/poem.txt:11-12  chunk:7"),
        (POEM, "not in it", "[1] /books/poem.txt:10-13  chunk:7"),
        (PAGE, "Third.", "[1] /books/poem.pdf:13  Page 4  chunk:7"),
        (ARTICLE, "words", "[1] A title  A feed, undated  article:3"),
        (MEMORY, "words", "[1] memory:1  fact, 2026-11-2"),
    ],
)
def test_a_citation_names_its_source(
    item: dict[str, Any], quote: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_citations([{"item": item, "quote": quote}])
    _, line, *rest = capsys.readouterr().out.splitlines()
    assert line.startswith(shown)
    assert "\n".join(rest).strip().startswith("“")


def test_an_articles_address_stands_below_its_quote(capsys: pytest.CaptureFixture[str]) -> None:
    print_citations([{"item": ARTICLE, "quote": "words"}])
    assert capsys.readouterr().out.endswith("    “words”\n    https://example.org/a\n")
