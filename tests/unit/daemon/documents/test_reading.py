"""One file into chunks, as the child process does it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.documents.reading import read_file
from support.files import epub, pdf


def read(path: Path, **changed: Any) -> dict[str, Any]:
    options = {"known": None, "max_file_bytes": 1 << 20, "max_text_bytes": 1 << 19} | changed
    return read_file(b"", path=str(path), **options)


@pytest.mark.parametrize(
    ("name", "data", "kind", "text"),
    [
        ("a.txt", b"words", "text/plain", "words"),
        ("noname", b"words", "text/plain", "words"),
        ("a.md", b"# T\n\nwords", "text/markdown", "# T\n\nwords"),
        ("a.py", b"x = 1\n", "text/x-python", "x = 1"),
        ("a.json", b'{"a": 1}', "text/plain", '{"a": 1}'),
        ("a.html", b"<p>words</p>", "text/html", "words"),
        ("page", b"<!DOCTYPE html><html><p>words</p></html>", "text/html", "words"),
        ("a.xyz", pdf([["words"]]), "application/pdf", "Page 1\n\nwords"),
        ("a.pdf", b"junk\n" + pdf([["words"]]), "application/pdf", "Page 1\n\nwords"),
        ("a.md", b"A PDF starts with %PDF-1.4.", "text/markdown", "A PDF starts with %PDF-1.4."),
        ("a.bin", epub({"one": "<h1>T</h1><p>words"}), "application/epub+zip", "# T\n\nwords"),
    ],
)
def test_a_file_is_read_for_what_it_is(
    tmp_path: Path, name: str, data: bytes, kind: str, text: str
) -> None:
    (tmp_path / name).write_bytes(data)
    found = read(tmp_path / name)
    assert found["media_type"] == kind
    assert [chunk["text"] for chunk in found["chunks"]] == [text]
    assert found["size"] == len(data)


def test_a_known_file_is_not_cut_again(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("words")
    first = read(tmp_path / "a.md")
    again = read(tmp_path / "a.md", known=first["hash"])
    assert "chunks" not in again
    assert again["hash"] == first["hash"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\r", r"binary \(image/png\)"),
        ("a.txt", b"\0\1\2\3", r"binary \(text/plain\)"),
        ("thing", b"\x7fELF\0\0", r"binary \(of no known kind\)"),
        (
            "big.txt",
            b"x" * ((1 << 20) + 1),
            "1048577 bytes, over the 1048576 of documents.max_file",
        ),
        ("long.txt", b"x" * ((1 << 19) + 1), "more text than the 524288 bytes"),
    ],
)
def test_a_file_that_is_not_read_says_why(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert re.search(reason, read(tmp_path / name)["reason"])


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    assert read(tmp_path / "gone") == {"reason": "no such file or directory"}


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe") == {"reason": "not a regular file"}
