"""The documentation becomes a site, and no link in it leads nowhere."""

from __future__ import annotations

import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from selfd_graphql import reference

pytest.importorskip("furo", reason="Sphinx and its theme are not installed")
DOCS = Path(__file__).parents[2] / "docs"


class _Page(HTMLParser):
    """Collects where a page's links and pictures lead, and the names that can be led to."""

    def __init__(self) -> None:
        super().__init__()
        self.leads: set[str] = set()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one tag in."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.leads.add(value)
            elif name == "id" and value:
                self.names.add(value)


def _build(docs: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going"]
    return subprocess.run([*command, docs, site], capture_output=True, text=True, check=False)


def _page(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def test_every_link_of_the_site_leads_somewhere(
    tmp_path: Path,
) -> None:
    built = _build(DOCS, tmp_path)
    assert (built.returncode, built.stderr) == (0, "")
    pages = {path: _page(path) for path in tmp_path.rglob("*.html")}
    assert len(pages) > 30
    for path, page in pages.items():
        for lead in page.leads:
            target = urlsplit(lead)
            if target.scheme or target.netloc:
                continue
            found = (path.parent / unquote(target.path)).resolve() if target.path else path
            assert found.exists(), f"{path.name} leads to {lead}"
            if target.fragment and found in pages:
                assert target.fragment in pages[found].names, f"{path.name} leads to {lead}"


def test_a_page_that_links_to_nothing_fails_the_build(tmp_path: Path) -> None:
    shutil.copy(DOCS / "conf.py", tmp_path / "conf.py")
    (tmp_path / "index.md").write_text("# A page\n\n[Nowhere](nowhere.md)\n", encoding="utf-8")
    built = _build(tmp_path, tmp_path / "site")
    assert built.returncode != 0
    assert "nowhere.md" in built.stderr


def test_the_page_of_the_api_is_the_one_made_from_the_schema() -> None:
    written = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    assert written == reference.page(), "run make schema and commit the result"
