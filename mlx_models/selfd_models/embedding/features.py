"""Cut texts into words and hashed character n-grams, whole batches at a time.

Letters: N texts, T words in all texts together, W different words, F features of those words.
Everything is integer arithmetic on bytes, the same on every machine, in time linear in the bytes.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
Index = NDArray[np.int64]

GRAM_SIZES = (3, 4, 5, 6)
LONGEST_WORD = 60  # bytes; whole characters in any script whose characters are equally long

_BETWEEN_TEXTS = b"\xff"  # never part of UTF-8
_OPEN, _CLOSE = 0x3C, 0x3E  # < and > mark where a word begins and ends inside its n-grams
# Latin-1, general, supplemental and CJK punctuation, Arabic and Devanagari stops, but no marks
_FOREIGN_PUNCTUATION = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7"
    "\u060c\u061b\u061f\u06d4\u0964\u0965\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f]"
)
PRIME = np.uint64(0x100000001B3)  # FNV-1a's 64-bit prime
_FACTORS = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
_SHIFT = np.uint64(33)
_WORD_SALT = np.uint64(0x9E3779B97F4A7C15)


def _word_bytes() -> NDArray[np.bool_]:
    table = np.zeros(256, np.bool_)
    for first, last in ((0x30, 0x39), (0x61, 0x7A), (0x80, 0xFE)):
        table[first : last + 1] = True
    return table


_IS_WORD = _word_bytes()


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a batch of texts.

    words: (T,) which of the W different words stands at each place, text after text.
    words_per_text: (N,) how many of them each text has.
    names: (W,) a 64-bit hash of each different word.
    data: the bytes in which the different words lie, at `starts` (W,), `lengths` (W,) long.
    """

    words: Index
    words_per_text: Index
    names: U64
    data: NDArray[np.uint8]
    starts: Index
    lengths: Index


@dataclass(frozen=True, slots=True)
class Features(Words):
    """What a batch of texts consists of.

    hashes: (F,) mixed 64-bit hashes of the different words' features, word after word.
    features_per_word: (W,) how many of them each word has, at least one.
    """

    hashes: U64
    features_per_word: Index


def mix(x: U64) -> U64:
    """Spread every input bit over the whole 64-bit hash (MurmurHash3's fmix64)."""
    for factor in _FACTORS:
        x = (x ^ (x >> _SHIFT)) * factor
    return x ^ (x >> _SHIFT)


def normalise(text: str) -> bytes:
    """Lower the case, fold compatibility forms, blank foreign punctuation.

    A lone surrogate, which UTF-8 cannot say, becomes a question mark.
    """
    if not text.isascii():
        text = _FOREIGN_PUNCTUATION.sub(" ", unicodedata.normalize("NFKC", text))
    return text.lower().encode("utf-8", "replace")


def cut(text: bytes, limit: int) -> Iterator[bytes]:
    """Cut a normalised text into pieces of at most `limit` bytes, between words.

    A run of letters longer than the limit (scripts without spaces) is cut where the limit falls.
    """
    start = 0
    while len(text) - start > limit:
        inside = _IS_WORD[np.frombuffer(text, np.uint8, limit, start)]
        between = np.flatnonzero(~inside)
        end = start + (int(between[-1]) + 1 if len(between) else limit)
        yield text[start:end]
        start = end
    yield text[start:]


def split(texts: Sequence[bytes]) -> Words:
    """Cut normalised `texts` into words."""
    data = np.frombuffer(_BETWEEN_TEXTS.join(texts) + _BETWEEN_TEXTS, np.uint8)
    inside = _IS_WORD[data]
    edges = np.flatnonzero(np.diff(inside, prepend=False)).reshape(-1, 2)  # (T, 2) start, end
    starts, lengths = _shortened(edges[:, 0], edges[:, 1] - edges[:, 0])
    text_ends = np.flatnonzero(data == 0xFF)[: len(texts)]
    words_per_text = np.diff(np.searchsorted(starts, text_ends), prepend=0)
    if not len(starts):
        empty = np.empty(0, np.int64)
        return Words(empty, words_per_text, np.empty(0, np.uint64), data, empty, empty)
    names = _word_hashes(data, starts, lengths)
    names, first, words = np.unique(names, return_index=True, return_inverse=True)
    return Words(words, words_per_text, names, data, starts[first], lengths[first])


def features(texts: Sequence[bytes]) -> Features:
    """Cut normalised `texts` into words, and the different words into hashed features."""
    found = split(texts)
    hashes, features_per_word = grams(found.data, found.starts, found.lengths, found.names)
    return Features(
        found.words,
        found.words_per_text,
        found.names,
        found.data,
        found.starts,
        found.lengths,
        hashes,
        features_per_word,
    )


def of_words(data: NDArray[np.uint8], starts: Index, lengths: Index) -> tuple[U64, Index]:
    """Give the hashed features of words that lie in `data`, and how many each has."""
    return grams(data, starts, lengths, _word_hashes(data, starts, lengths))


def _shortened(starts: Index, lengths: Index) -> tuple[Index, Index]:
    """Cut words longer than LONGEST_WORD into pieces, each a word of its own."""
    pieces = -(-lengths // LONGEST_WORD)
    if not (pieces > 1).any():
        return starts, lengths
    done = ramp(pieces) * LONGEST_WORD
    left = np.repeat(lengths, pieces) - done
    return np.repeat(starts, pieces) + done, np.minimum(left, LONGEST_WORD)


def ramp(lengths: Index) -> Index:
    """Count 0, 1, .. up to each length, one run after another."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)


def letter_terms(data: NDArray[np.uint8], starts: Index, lengths: Index) -> U64:
    """Give each byte of each word times a power of PRIME that depends on its place, from 1 on."""
    place = ramp(lengths)
    powers = np.cumprod(np.full(int(lengths.max()), PRIME))
    salted = data[np.repeat(starts, lengths) + place].astype(np.uint64) + _WORD_SALT
    terms: U64 = salted * powers[place]
    return terms


def _word_hashes(data: NDArray[np.uint8], starts: Index, lengths: Index) -> U64:
    """Hash each word (T,): the sum of its bytes' terms."""
    terms = letter_terms(data, starts, lengths)
    return mix(np.add.reduceat(terms, np.cumsum(lengths) - lengths))


def grams(data: NDArray[np.uint8], starts: Index, lengths: Index, names: U64) -> tuple[U64, Index]:
    """Hash each word's n-grams, between its two marks, and put the word itself first.

    Returns:
        The hashes (F,), and how many each word has (W,).
    """
    if not len(names):
        return np.empty(0, np.uint64), np.empty(0, np.int64)
    marked = lengths + 2
    place = ramp(marked)
    last = np.repeat(marked - 1, marked)
    source = np.clip(np.repeat(starts, marked) + place - 1, 0, len(data) - 1)
    body = np.where(place == 0, _OPEN, np.where(place == last, _CLOSE, data[source]))
    body = np.concatenate([body, np.zeros(max(GRAM_SIZES), body.dtype)]).astype(np.uint64)
    count = len(place)
    table = np.zeros((count, 1 + len(GRAM_SIZES)), np.uint64)  # (positions, kinds of feature)
    present = np.zeros(table.shape, np.bool_)
    table[place == 0, 0], present[:, 0] = names, place == 0
    rolling = np.zeros(count, np.uint64)
    for size in range(1, max(GRAM_SIZES) + 1):
        rolling = (rolling ^ body[size - 1 : size - 1 + count]) * PRIME
        if size in GRAM_SIZES:
            column = 1 + GRAM_SIZES.index(size)
            table[:, column] = mix(rolling + np.uint64(size))
            present[:, column] = place + size <= last + 1
    offsets = np.cumsum(marked) - marked
    per_word = np.add.reduceat(present.sum(axis=1), offsets)
    return table[present], per_word
