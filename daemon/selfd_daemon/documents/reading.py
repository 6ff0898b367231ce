"""Read one file into chunks; runs in a child process, which may be killed at any moment."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from selfd_daemon.documents.chunks import Section, cut
from selfd_daemon.documents.encoding import decode
from selfd_daemon.documents.errors import UnreadableError, too_large, too_much_text
from selfd_daemon.documents.html import page_text
from selfd_daemon.documents.media import EPUB, HEAD_BYTES, HTML, MARKDOWN, PDF, media_type

_STRUCTURED = (MARKDOWN, HTML, EPUB)  # their text has headings as in Markdown


def _read_plain(data: bytes, _: int) -> Sequence[Section]:
    return [Section(decode(data))]


def _read_page(data: bytes, _: int) -> Sequence[Section]:
    return [Section(page_text(decode(data)))]


def _read_pdf(data: bytes, max_text_bytes: int) -> Sequence[Section]:
    from selfd_daemon.documents.pdf import read_pdf  # large, and only the child ever needs it

    return read_pdf(data, max_text_bytes)


def _read_epub(data: bytes, max_text_bytes: int) -> Sequence[Section]:
    from selfd_daemon.documents.epub import read_epub  # as above

    return read_epub(data, max_text_bytes)


_READERS: Mapping[str, Callable[[bytes, int], Sequence[Section]]] = {
    PDF: _read_pdf,
    EPUB: _read_epub,
    HTML: _read_page,
}


def read_file(
    body: bytes, *, path: str, known: str | None, max_file_bytes: int, max_text_bytes: int
) -> dict[str, Any]:
    """Return a file's type, size, hash, time and chunks, for `Child.call`.

    Args:
        body: unused; the file is read here, so that a hanging disk costs only this process.
        known: the hash of the version that is stored; the chunks are left out when it is the same.

    Returns:
        Either `{"reason"}`, why it is skipped; or `{"hash", "size", "modified"}` and, unless the
        hash is `known`, `{"media_type", "chunks"}`.
    """
    try:
        data, modified = _content(path, max_file_bytes)
        found = {"hash": hashlib.sha256(data).hexdigest(), "size": len(data), "modified": modified}
        if found["hash"] == known:
            return found
        kind = media_type(path, data[:HEAD_BYTES])
        sections = _sections(data, kind, max_text_bytes)
        chunks = [asdict(chunk) for chunk in cut(sections, markdown=kind in _STRUCTURED)]
        return {**found, "media_type": kind, "chunks": chunks}
    except UnreadableError as error:
        return {"reason": str(error)}
    except OSError as error:
        return {"reason": (error.strerror or str(error)).lower()}


def _content(path: str, max_bytes: int) -> tuple[bytes, float]:
    """Read a regular file; a pipe or device that took its place must not be waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("not a regular file")
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise too_large(status.st_size, max_bytes)
    return data, status.st_mtime


def _sections(data: bytes, kind: str, max_text_bytes: int) -> Sequence[Section]:
    read = _READERS.get(kind, _read_plain)
    sections = read(data, max_text_bytes)
    if sum(len(section.text.encode()) for section in sections) > max_text_bytes:
        raise too_much_text(max_text_bytes)
    return sections
