"""The terms that a file is found by: its words, the parts of its identifiers, and its path."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from selfd_storage.engram.blocks import Codes, atom, atoms, bind

BLOCKS = 8
MOST_TERMS = 1 << 15  # of one file
BINARY_SAMPLE = 8192
IN_PATH = atom(b"role: stands in the path", BLOCKS)

_WORD = re.compile(r"[^\W_]+(?:_+[^\W_]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, lower case; identifiers are followed by their parts."""
    found = []
    for word in _WORD.findall(text):
        found.append(word.lower())
        parts = _PART.findall(word)
        if len(parts) > 1:
            found += [part.lower() for part in parts]
    return found


def is_text(data: bytes) -> bool:
    """Say whether a file's first bytes look like text: no NUL among them."""
    return b"\0" not in data[:BINARY_SAMPLE]


def file_terms(path: str, data: bytes) -> Codes:
    """Return the codes of a file's distinct terms, (N, 8); a binary file has those of its path."""
    in_path = bind(word_codes(words_of(path)), IN_PATH)
    if not is_text(data):
        return in_path
    own = word_codes(words_of(data.decode("utf-8", errors="replace")))
    return np.concatenate([in_path, own])[:MOST_TERMS]


def word_codes(words: Iterable[str]) -> Codes:
    """Return the codes of distinct words, (N, 8), in order of first appearance."""
    return atoms([word.encode() for word in dict.fromkeys(words)], BLOCKS)


def slots_for(terms: int) -> int:
    """Return the slots of a bundle: about two a term, so half a code per slot.

    A block then holds something for a code that is not there with 1 - e**-.5 = .39, and all eight
    blocks with .39**8 = .0005.
    """
    return min(1 << 16, max(64, 1 << (2 * max(terms, 1) - 1).bit_length()))
