"""What the pages say that commands print is what they print."""

from __future__ import annotations

import pytest

from support.transcript import ROOT, commands, comparable, rewritten

PAGES = ("README.md", "docs/tutorial/first-evening.md")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_its_commands_really_print(name: str) -> None:
    page = (ROOT / name).read_text()
    assert commands(page), "the page shows no command"
    assert comparable(page) == comparable(rewritten(page)), "run make docs"
