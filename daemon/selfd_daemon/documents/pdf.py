"""The text of a PDF: one section a page.

Lines are those of the extracted text, counted through the whole document; the page stands in each
chunk's heading, because a page is where a reader looks.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

from pypdf import PdfReader

from selfd_daemon.documents.chunks import Section
from selfd_daemon.documents.errors import UnreadableError, too_much_text

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")


def read_pdf(data: bytes, max_bytes: int) -> list[Section]:
    """Return a section for each page that holds text.

    Raises:
        UnreadableError: it is damaged, locked, without text, or holds more than `max_bytes` of it.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns about every second file
    sections: list[Section] = []
    line, size = 1, 0
    for number, text in enumerate(_pages(data), start=1):
        if not text:
            continue
        size += len(text.encode())
        if size > max_bytes:
            raise too_much_text(max_bytes)
        sections.append(Section(text, line, heading=f"Page {number}"))
        line += text.count("\n") + 1
    if not sections:
        raise UnreadableError("a PDF without text, perhaps a scan")
    return sections


def _pages(data: bytes) -> Iterator[str]:
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("a PDF locked with a password")
        for page in reader.pages:
            text = _UNPRINTABLE.sub("", page.extract_text())
            yield _BLANK_LINES.sub("\n\n", text).strip()
    except (MemoryError, UnreadableError):
        raise
    except Exception as error:  # it raises whatever a damaged file leads it to
        raise UnreadableError(
            f"a damaged PDF ({str(error)[:200] or type(error).__name__})"
        ) from error
