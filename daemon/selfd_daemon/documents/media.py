"""What kind of document a file is, by its content first and its name second."""

from __future__ import annotations

import mimetypes
import re
from pathlib import PurePath

from selfd_daemon.documents.encoding import is_binary
from selfd_daemon.documents.errors import UnreadableError

PDF = "application/pdf"
EPUB = "application/epub+zip"
HTML = "text/html"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"

HEAD_BYTES = 64 * 1024
_PDF_MARK = b"%PDF-"
_EPUB_START = re.compile(rb"PK\x03\x04.{22}.{4}mimetypeapplication/epub\+zip", re.DOTALL)
_HTML_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+)?html\b",
    re.IGNORECASE | re.DOTALL,
)
_SUFFIXES = {
    ".md": MARKDOWN, ".markdown": MARKDOWN, ".mdx": MARKDOWN, ".mkd": MARKDOWN,
    ".html": HTML, ".htm": HTML, ".xhtml": HTML,
    ".txt": PLAIN, ".text": PLAIN, ".rst": "text/x-rst", ".org": "text/x-org",
    ".py": "text/x-python", ".ts": "text/x-typescript", ".rs": "text/x-rust", ".go": "text/x-go",
}  # fmt: skip


def media_type(name: str, head: bytes) -> str:
    """Return the media type of a file from its first `HEAD_BYTES`.

    Raises:
        UnreadableError: it is binary, or nothing that a person wrote.
    """
    suffix = PurePath(name).suffix.lower()
    if _is_pdf(suffix, head):
        return PDF
    if _EPUB_START.match(head) or (suffix == ".epub" and head.startswith(b"PK")):
        return EPUB
    if is_binary(head):
        raise UnreadableError(f"binary ({_binary_type(name)})")
    if _HTML_START.match(head[:1024]) and suffix not in _SUFFIXES:
        return HTML
    return _SUFFIXES.get(suffix) or _text_type(name)


def _is_pdf(suffix: str, head: bytes) -> bool:
    """Tell a PDF, which may begin with a little of something else, from a text about PDFs."""
    if head.lstrip().startswith(_PDF_MARK):
        return True
    return _PDF_MARK in head[:1024] and (suffix == ".pdf" or is_binary(head))


def _binary_type(name: str) -> str:
    return mimetypes.guess_type(name, strict=False)[0] or "of no known kind"


def _text_type(name: str) -> str:
    """Return what the name says, so far as it is a text's type: the content already is."""
    guess = mimetypes.guess_type(name, strict=False)[0]
    return guess if guess and guess.startswith("text/") else PLAIN
