"""A folder of notes, as exporters of Apple Notes, Bear or Obsidian leave it: one text a file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from selfd_daemon.documents.encoding import decode, is_binary
from selfd_daemon.documents.html import page_text
from selfd_daemon.portability.lines import Line, Part

SUFFIXES = frozenset((".txt", ".text", ".md", ".markdown", ".html", ".htm"))
MOST_BYTES = 8 << 20  # of one note
_PAGES = frozenset((".html", ".htm"))


def parts(folder: Path) -> Sequence[Part]:
    """Return the notes below a folder as memories; nothing where there are none."""
    files = sorted(_files(folder))
    if not files:
        return []
    size = sum(file.stat().st_size for file in files)

    def lines() -> Iterator[Line]:
        for number, file in enumerate(files, start=1):
            text = _text(file)
            if text:
                yield Line(number, _line(folder, file, text), file.stat().st_size)

    return [Part("memories", folder.name, size, lines)]


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of notes; hidden ones and links are left out."""
    for root, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in files:
            file = Path(root) / name
            if (
                file.suffix.lower() in SUFFIXES
                and not name.startswith(".")
                and not file.is_symlink()
                and 0 < file.stat().st_size <= MOST_BYTES
            ):
                yield file


def _text(file: Path) -> str:
    data = file.read_bytes()
    if is_binary(data):
        return ""
    text = decode(data)
    return (page_text(text) if file.suffix.lower() in _PAGES else text).replace("\0", "").strip()


def _line(folder: Path, file: Path, text: str) -> dict[str, object]:
    """Return a note under its name, unless its first line says that already."""
    title = file.stem.strip()
    first = text.splitlines()[0].lstrip("# ").strip()
    within = file.parent.relative_to(folder).as_posix()
    return {
        "text": text if first.casefold() == title.casefold() else f"{title}\n\n{text}",
        "kind": "NOTE",
        "source": folder.name if within == "." else f"{folder.name}/{within}",
        "at": datetime.fromtimestamp(file.stat().st_mtime, UTC).isoformat(),
    }
