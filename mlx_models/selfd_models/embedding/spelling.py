"""Guess which known words a misspelt one may stand for, by the forms with a letter left out.

Two words that one typing error tells apart share a form: a letter left out of one of them, or of
both (the symmetric deletions of Garbe 2012). The forms of all known words lie sorted by hash; the
hash of a form follows from the word's prefix sums, so that no form is ever spelt out. Each guess
weighs as the root of how common it is, and all of them together have a trust, which is low where an
unknown word may as well be a rare one. The constants were chosen on STS-B's train part, SQuAD and
PubMedQA (docs/lab/0001).

Letters: W known words, U unknown ones, Q forms looked up, P pairs of an unknown and a known word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from selfd_models.embedding.features import PRIME, U64, Index, letter_terms, of_words, ramp

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

SHORTEST = 3  # letters: shorter words are too much alike
LENGTHS_TWICE = (7, 16)  # letters of a word in which two errors are looked for if one is not found
MOST_GUESSES = 4  # for a word
NOVEL = 30.0  # times that the lexicon's texts hold a guess that is as likely as a rare word
SECOND_ERROR = 0.05  # as likely as the first

_AT_ONCE = 512  # unknown words: bounds the memory that their forms take
_FIRST, _LAST = ord("a"), ord("z")
_WHOLE, _TWICE = -4, -8  # instead of the place of the one letter that a form lacks
_SHIFTED = np.uint64(pow(int(PRIME), -1, 1 << 64))  # moves what follows a gap one place down


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Known words, the commonest first.

    letters: their bytes, a to z, word after word. lengths: (W,). counts: (W,), how often each
    stands in the texts that the lexicon was taken from.
    """

    letters: Bytes
    lengths: NDArray[np.uint8]
    counts: NDArray[np.uint16]

    @classmethod
    def of(cls, words: Mapping[str, int]) -> Self:
        """Make one of words and how often each was seen."""
        ordered = sorted(words.items(), key=lambda entry: (-entry[1], entry[0]))
        letters = "".join(word for word, _ in ordered).encode("ascii")
        lengths = [len(word) for word, _ in ordered]
        counts = np.minimum([count for _, count in ordered], np.iinfo(np.uint16).max)
        return cls(
            np.frombuffer(letters, np.uint8),
            np.array(lengths, np.uint8),
            counts.astype(np.uint16),
        )


class Guesses(NamedTuple):
    """What misspelt words may stand for, guess after guess.

    words: (U,) which words. per_word: (U,) how many guesses each has. known: the guesses' places in
    the lexicon. weights: theirs, each word's sum 1. trust: (U,) from 0 to 1.
    """

    words: Index
    per_word: Index
    known: Index
    weights: Floats
    trust: Floats


class _Forms(NamedTuple):
    """Words with letters left out, (Q,): the hash, whose it is, and the place of the letter."""

    hashes: U64
    owners: Index
    places: Index


class Speller:
    """Looks unknown words up in a lexicon; takes some 8 MB for 50,000 words."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._letters = lexicon.letters
        self._lengths = lexicon.lengths.astype(np.int64)
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._counts = lexicon.counts.astype(np.float64)
        forms = _forms(self._letters, self._starts, self._lengths)
        self._known = np.sort(forms.hashes[forms.places == _WHOLE])
        order = np.argsort(forms.hashes, kind="stable")
        self._hashes = forms.hashes[order]
        self._owners = forms.owners[order].astype(np.int32)
        self._places = forms.places[order].astype(np.int16)

    def features(self, known: Index) -> tuple[U64, Index]:
        """Give the hashed features of words of the lexicon, and how many each has."""
        return of_words(self._letters, self._starts[known], self._lengths[known])

    def guess(self, data: Bytes, starts: Index, lengths: Index) -> Guesses:
        """Guess at those of the words in `data` that are unknown and resemble a known one.

        What is guessed of a word depends on that word alone.
        """
        unknown = self._unknown(data, starts, lengths)
        found = [
            self._guess(data, starts, lengths, unknown[at : at + _AT_ONCE])
            for at in range(0, len(unknown), _AT_ONCE)
        ]
        return Guesses(*map(np.concatenate, zip(_NO_GUESSES, *found, strict=True)))

    def _unknown(self, data: Bytes, starts: Index, lengths: Index) -> Index:
        """Choose the words of letters alone that the lexicon does not hold."""
        long = np.flatnonzero(lengths >= SHORTEST)
        if not len(long):
            return long
        starts, lengths = starts[long], lengths[long]
        letters = data[np.repeat(starts, lengths) + ramp(lengths)]
        begins = np.cumsum(lengths) - lengths
        plain = np.logical_and.reduceat((letters >= _FIRST) & (letters <= _LAST), begins)
        hashes = np.add.reduceat(letter_terms(data, starts, lengths), begins)
        place = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        unknown: Index = long[plain & (self._known[place] != hashes)]
        return unknown

    def _guess(self, data: Bytes, starts: Index, lengths: Index, words: Index) -> Guesses:
        owners, known, near = self._alike(data, starts[words], lengths[words])
        surely = np.zeros(len(words), np.bool_)
        surely[owners[near]] = True
        kept = near | ~surely[owners]
        pairs = np.unique(owners[kept] * len(self._lengths) + known[kept])
        if not len(pairs):
            return _NO_GUESSES
        owners, known = np.divmod(pairs, len(self._lengths))  # each word's commonest guess first
        found, begins, sizes = np.unique(owners, return_index=True, return_counts=True)
        mass = np.add.reduceat(self._counts[known], begins)
        mass[~surely[found]] *= SECOND_ERROR
        best = ramp(sizes) < MOST_GUESSES
        per_word = np.minimum(sizes, MOST_GUESSES)
        weights = np.sqrt(self._counts[known[best]])
        weights /= np.repeat(np.add.reduceat(weights, np.cumsum(per_word) - per_word), per_word)
        trust = (mass / (mass + NOVEL)).astype(np.float32)
        return Guesses(words[found], per_word, known[best], weights.astype(np.float32), trust)

    def _alike(self, data: Bytes, starts: Index, lengths: Index) -> tuple[Index, Index, Mask]:
        """Pair words with known ones of which they share a form.

        Returns: (P,) the words, (P,) the known words, (P,) whether a single error parts them.
        """
        low, high = LENGTHS_TWICE
        fit = (lengths >= low) & (lengths <= high)
        forms = _forms(data, starts, lengths)
        if fit.any():
            twice = _twice(data, starts, lengths, np.flatnonzero(fit))
            forms = _Forms(
                np.concatenate([forms.hashes, twice.hashes]),
                np.concatenate([forms.owners, twice.owners]),
                np.concatenate([forms.places, twice.places]),
            )
        first = np.searchsorted(self._hashes, forms.hashes, "left")
        hits = np.searchsorted(self._hashes, forms.hashes, "right") - first
        entries = np.repeat(first, hits) + ramp(hits)
        owners, mine = np.repeat(forms.owners, hits), np.repeat(forms.places, hits)
        known, theirs = self._owners[entries].astype(np.int64), self._places[entries]
        longer = (mine != _TWICE) & ((mine == _WHOLE) | (theirs == _WHOLE))
        other = mine == theirs  # two letters stand in the same place
        lost = data[starts[owners] + np.maximum(mine, 0)]
        there = self._letters[self._starts[known] + np.maximum(theirs, 0)]
        swapped = (np.abs(mine - theirs) == 1) & (lost == there)
        near = longer | other | swapped
        kept = near | fit[owners]
        return owners[kept], known[kept], near[kept]


_NO_GUESSES = Guesses(
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.int64),
    np.empty(0, np.float32),
    np.empty(0, np.float32),
)


def _forms(data: Bytes, starts: Index, lengths: Index) -> _Forms:
    """Hash words whole, and with each of their letters left out."""
    terms, before, total = _sums(data, starts, lengths)
    words = np.arange(len(lengths))
    owners = np.repeat(words, lengths)
    after = total[owners] - before - terms
    return _Forms(
        np.concatenate([total, before + after * _SHIFTED]),
        np.concatenate([words, owners]),
        np.concatenate([np.full(len(words), _WHOLE), ramp(lengths)]),
    )


def _twice(data: Bytes, starts: Index, lengths: Index, chosen: Index) -> _Forms:
    """Hash the chosen words with each two of their letters left out."""
    starts, lengths = starts[chosen], lengths[chosen]
    terms, before, total = _sums(data, starts, lengths)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    later = np.repeat(lengths, lengths) - 1 - ramp(lengths)  # letters after each
    one = np.repeat(np.arange(len(owners)), later)
    two = one + 1 + ramp(later)
    between = before[two] - before[one] - terms[one]
    after = total[owners[one]] - before[two] - terms[two]
    hashes = before[one] + (between + after * _SHIFTED) * _SHIFTED
    return _Forms(hashes, chosen[owners[one]], np.full(len(one), _TWICE))


def _sums(data: Bytes, starts: Index, lengths: Index) -> tuple[U64, U64, U64]:
    """Give each letter's term, the sum of those before it in its word, and each word's sum."""
    terms = letter_terms(data, starts, lengths)
    begins = np.cumsum(lengths) - lengths
    running: U64 = np.cumsum(terms) - terms
    before: U64 = running - np.repeat(running[begins], lengths)
    return terms, before, np.add.reduceat(terms, begins)
