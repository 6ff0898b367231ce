"""Bytes to text: declared, plain, guessed, mended or refused."""

from __future__ import annotations

import pytest

from selfd_daemon.documents.encoding import decode
from selfd_daemon.documents.errors import UnreadableError

RUSSIAN = (
    "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему."
)
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 3


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("plain", "ascii"),
        ("Grüße, 世界 😀", "utf-8"),
        ("Grüße", "utf-8-sig"),
        ("Grüße 世界", "utf-16"),
        ("plain text without a mark", "utf-16-le"),
        ("plain text without a mark", "utf-16-be"),
        ("Grüße", "utf-32"),
        ("Das Frühstück im Café kostete 5 € – schöne Grüße", "cp1252"),
        ("café\n", "latin-1"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (JAPANESE, "shift_jis"),
    ],
)
def test_text_in_a_known_encoding_is_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "text",
    [
        "# -*- coding: iso-8859-5 -*-\n# Привет\n",
        '<?xml version="1.0" encoding="ISO-8859-5"?><p>Привет</p>',
        '<html><head><meta charset="iso-8859-5"></head><p>Привет</p>',
    ],
)
def test_a_declared_encoding_is_believed(text: str) -> None:
    assert decode(text.encode("iso-8859-5")) == text


@pytest.mark.parametrize("name", ["no-such-charset", "base64", "rot13"])
def test_a_declared_encoding_that_is_none_is_passed_over(name: str) -> None:
    text = f"# coding: {name}\ncafé"
    assert decode(text.encode("latin-1")) == text


def test_line_ends_of_every_system_become_newlines() -> None:
    assert decode(b"unix\nwindows\r\nold mac\rend") == "unix\nwindows\nold mac\nend"


def test_a_damaged_utf8_file_is_read_with_the_damage_marked() -> None:
    text = "Все хорошо, " * 20
    assert decode(text.encode() + b"\xff\xfe" + text.encode()) == text + "\ufffd\ufffd" + text


@pytest.mark.parametrize(
    "data", [b"\x7fELF\x02\x01\x01\0\0\0", bytes(range(256)) * 8, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"]
)
def test_binary_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError, match="binary"):
        decode(data)


def test_no_lone_surrogate_comes_out() -> None:
    assert decode(b"# coding: unicode_escape\n\\ud800").encode()
