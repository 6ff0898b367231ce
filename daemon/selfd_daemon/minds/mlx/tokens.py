"""The bytes of each token of a model's vocabulary, whichever way its tokenizer writes them."""

from __future__ import annotations

import re
from typing import Any

from selfd_daemon.minds.errors import MindAbilityError

_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"


def token_bytes(tokenizer: Any) -> list[bytes]:
    """Return each token's bytes, empty for those that are no text.

    Raises:
        MindAbilityError: the tokenizer writes bytes in a way that is not known.
    """
    names: dict[int, str] = {number: name for name, number in tokenizer.get_vocab().items()}
    special = set(tokenizer.all_special_ids) | set(tokenizer.eos_token_ids)
    read = _reader(list(names.values()))
    found = [b""] * (max(names) + 1)
    for number, name in names.items():
        if number not in special:
            found[number] = read(name)
    return found


def _reader(names: list[str]) -> Any:
    if "\u0120" in names or any(name.startswith("\u0120") for name in names):
        return byte_level
    if any(_BYTE.fullmatch(name) for name in names) or any(_SPACE in name for name in names):
        return _sentence_piece
    raise MindAbilityError("it is not known how this tokenizer writes bytes: vote otherwise")


def _letters() -> dict[str, int]:
    """Undo the letters that byte-level tokenizers write bytes with (Radford et al. 2019)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    letters = {chr(byte): byte for byte in plain}
    return letters | {chr(256 + at): byte for at, byte in enumerate(others)}


_LETTERS = _letters()


def byte_level(name: str) -> bytes:
    """Return the bytes of a token of a byte-level tokenizer."""
    if all(letter in _LETTERS for letter in name):
        return bytes(_LETTERS[letter] for letter in name)
    return name.encode()  # a token that was added later, as it is


def _sentence_piece(name: str) -> bytes:
    found = _BYTE.fullmatch(name)
    return bytes((int(found[1], 16),)) if found else name.replace(_SPACE, " ").encode()
