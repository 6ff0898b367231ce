"""The text of an EPUB: one section for each document of its reading order.

Lines are those of the extracted text, counted through the whole book; the chapter's own heading
stands at the top of each chunk.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote, urldefrag
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from selfd_daemon.documents.chunks import Section
from selfd_daemon.documents.encoding import decode
from selfd_daemon.documents.errors import UnreadableError, too_much_text
from selfd_daemon.documents.html import page_text

_CONTAINER = "META-INF/container.xml"
_PAGES = ("application/xhtml+xml", "text/html")
_MARKUP = 8  # a page's markup may be this many times its text


def read_epub(data: bytes, max_bytes: int) -> list[Section]:
    """Return a section for each document in the book's reading order.

    Raises:
        UnreadableError: it is damaged, or holds more than `max_bytes` of text.
    """
    sections: list[Section] = []
    line, size = 1, 0
    for text in _chapters(data, max_bytes * _MARKUP):
        size += len(text.encode())
        if size > max_bytes:
            raise too_much_text(max_bytes)
        sections.append(Section(text, line, heading=_heading(text)))
        line += text.count("\n") + 1
    if not sections:
        raise UnreadableError("an EPUB without text")
    return sections


def _heading(text: str) -> str | None:
    first = text.partition("\n")[0]
    return first.lstrip("# ") if first.startswith("#") else None


def _chapters(data: bytes, max_bytes: int) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            budget = _Budget(book, max_bytes)
            package = _package(budget)
            for name in _reading_order(budget, package):
                text = page_text(decode(budget.read(name)))
                if text.strip():
                    yield text
    except (zipfile.BadZipFile, zlib.error, ParseError, DefusedXmlException, KeyError, EOFError,
            NotImplementedError, RuntimeError, OSError) as error:  # fmt: skip
        raise UnreadableError(f"a damaged EPUB ({str(error)[:200]})") from error


class _Budget:
    """Reads entries of the book until their sum is too large: an archive may lie about sizes."""

    def __init__(self, book: zipfile.ZipFile, max_bytes: int) -> None:
        self._book = book
        self._left = max_bytes

    def read(self, name: str) -> bytes:
        with self._book.open(name) as entry:
            data = entry.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableError("an EPUB that unpacks to more than is allowed")
        return data


def _package(book: _Budget) -> str:
    """Return the path of the package document, the first that the container names."""
    container = fromstring(book.read(_CONTAINER), forbid_dtd=True)
    for element in _all(container, "rootfile"):
        if path := element.get("full-path"):
            return path
    raise KeyError("the container names no package")


def _reading_order(book: _Budget, package: str) -> Iterator[str]:
    document = fromstring(book.read(package), forbid_dtd=True)
    folder = posixpath.dirname(package)
    pages = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(urldefrag(href)[0])))
        for item in _all(document, "item")
        if (href := item.get("href")) and item.get("media-type") in _PAGES
    }
    seen: set[str] = set()
    for reference in _all(document, "itemref"):
        name = pages.get(reference.get("idref"))
        if name and name not in seen:
            seen.add(name)
            yield name


def _all(top: Element, name: str) -> Iterator[Element]:
    """Yield the elements of that local name, whatever the namespace's version."""
    return (element for element in top.iter() if element.tag.rpartition("}")[2] == name)
