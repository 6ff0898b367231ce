"""Books: pages and chapters in order, and damage that costs only the file."""

from __future__ import annotations

import pytest

from selfd_daemon.documents.chunks import Section
from selfd_daemon.documents.epub import read_epub
from selfd_daemon.documents.errors import UnreadableError
from selfd_daemon.documents.pdf import read_pdf
from support.files import archive, epub, pdf

ENOUGH = 1 << 20


def test_a_pdf_has_a_section_for_each_page_with_text() -> None:
    data = pdf([["Tea is a drink.", "It is hot."], [], ["Coffee is another."]])
    assert read_pdf(data, ENOUGH) == [
        Section("Tea is a drink.\nIt is hot.", 1, "Page 1"),
        Section("Coffee is another.", 3, "Page 3"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pdf([[]]), "without text, perhaps a scan"),
        (pdf([["words"]])[:200], "damaged PDF"),
        (b"%PDF-1.7\nnothing", "damaged PDF"),
        (pdf([["words"]]).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]"), "damaged PDF"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read_pdf(data, ENOUGH)


def test_a_locked_pdf_says_so() -> None:
    import io

    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(io.BytesIO(pdf([["secret"]]))))
    writer.encrypt("password", algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    with pytest.raises(UnreadableError, match="locked with a password"):
        read_pdf(locked.getvalue(), ENOUGH)


def test_an_epub_is_read_in_its_reading_order() -> None:
    book = epub(
        {"two": "<h1>Second</h1><p>B", "one": "<h1>First</h1><p>A", "note": "<p>not in the spine"},
        order=["one", "two"],
    )
    assert read_epub(book, ENOUGH) == [
        Section("# First\n\nA", 1, "First"),
        Section("# Second\n\nB", 4, "Second"),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 and nothing", "damaged EPUB"),
        (epub({"one": "<p>x"})[:-60], "damaged EPUB"),
        (archive({"META-INF/container.xml": "<container/>"}), "names no package"),
        (archive({"META-INF/container.xml": "not XML"}), "damaged EPUB"),
        (epub({"one": "<p></p>"}), "without text"),
        (epub({"one": "<p>" + "word " * 400_000}), "max_text_bytes"),
        (epub({"one": "<!-- " + "x" * 9_000_000}), "unpacks to more"),
    ],
)
def test_an_epub_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read_epub(data, ENOUGH)


def test_an_epub_may_not_declare_entities() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><container>&a;</container>'
    with pytest.raises(UnreadableError, match="damaged EPUB"):
        read_epub(archive({"META-INF/container.xml": bomb}), ENOUGH)
