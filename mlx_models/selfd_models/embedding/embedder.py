"""Sentence embeddings: unit vectors from hashed words and character n-grams, in numpy alone.

Letters: N texts, T words in all of them, W different words, F features, R rows, D dimensions.

A word's vector is the sum of the table's rows for the word itself and for its n-grams, two rows
each (Bloom embeddings, Serrà & Karatzoglou 2017), times a gate learned the same way, which plays
the part of inverse document frequency. A word that the lexicon does not know is, as far as that can
be trusted, replaced by the known words that it may be a misspelling of (`spelling`). A
text is the sum of its words, scaled to length one. The rows were distilled from a sentence encoder
by `selfd_models.training.embedding.fitting`; docs/lab/0001 has the figures. A text has the same
bits alone or among others, as every sum has one order.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from selfd_models.embedding.features import U64, Index, Words, cut, grams, normalise, split
from selfd_models.embedding.met_words import MetWords, WordVectors
from selfd_models.embedding.spelling import Lexicon, Speller
from selfd_models.errors import EmbedderFileError

Floats = NDArray[np.float32]

SHIPPED = Path(__file__).parents[1] / "weights" / "embedder.safetensors"
SHIPPED_FINGERPRINT = "5cdba3a0bf3cdd16"
FORMAT = "selfd-embedder-2"

MOST_OPEN = 4.0  # a gate's exponent: endless words would overflow
BLOCK_BYTES = 1 << 18  # of text worked on at a time: some 15 MB of memory
WORDS_AT_ONCE = 64  # their rows fit the second-level cache; sweep, docs/lab/0001
TEXTS_AT_ONCE = 64

LEXICON = ("letters", "lengths", "counts")  # stored as "lexicon.letters" and so on


class Embedder:
    """Embeds texts with one table of vectors (R, D), one of gates (R,), and known words."""

    def __init__(self, table: Floats, gates: Floats, lexicon: Lexicon, fingerprint: str) -> None:
        self._table = table
        self._gates = gates
        self._speller = Speller(lexicon)
        self._met = MetWords(table.shape[1], self._computed)
        self.fingerprint = fingerprint

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read the shipped file, or the one at `path`.

        Raises:
            EmbedderFileError: it is missing, cut short, changed, or made by another version.
        """
        tensors, found = read(path or SHIPPED)
        if path is None and found != SHIPPED_FINGERPRINT:
            raise EmbedderFileError(
                f"embedder file {SHIPPED} is {found}, selfd was built with {SHIPPED_FINGERPRINT}: "
                "install selfd again"
            )
        table = tensors["table"].astype(np.float32)
        table *= tensors["scales"][:, None]
        lexicon = Lexicon(**{name: tensors[f"lexicon.{name}"] for name in LEXICON})
        return cls(table, tensors["gates"], lexicon, found)

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return int(self._table.shape[1])

    def embed(self, texts: Sequence[str]) -> Floats:
        """Embed `texts` as unit rows (N, D).

        A text without a word (empty, or punctuation alone) is the last axis, the one along which
        texts differ least, and so is close to nothing but its like.
        """
        sums = np.zeros((len(texts), self.dimensions), np.float32)
        for block in _blocks(texts):
            places = [place for place, _ in block]
            vectors = self._sums(split([piece for _, piece in block]))
            for place, vector in zip(places, vectors, strict=True):
                sums[place] += vector  # one piece at a time: a long text comes in several
        norms = np.sqrt(np.einsum("nd,nd->n", sums, sums))
        empty = norms == 0
        sums[empty, -1] = norms[empty] = 1
        sums /= norms[:, None]
        return sums

    def _sums(self, found: Words) -> Floats:
        """Add up the gated words of each text, (N, D)."""
        words, places = self._respelt(found)
        out = np.zeros((len(found.words_per_text), self.dimensions), np.float32)
        filled = np.flatnonzero(found.words_per_text)
        _segment_sums(words, places, found.words_per_text[filled], TEXTS_AT_ONCE, out, filled)
        return out

    def _respelt(self, found: Words) -> tuple[Floats, Index]:
        """Return the different words' vectors, what misspelt ones mean, and which stands where.

        A word that a text repeats is a name or a term, not a typing error.
        """
        words, misspelt, meant = self._met.vectors(found)
        places = found.words
        if not len(misspelt):
            return words, places
        other = np.zeros(len(words), np.int64)
        other[misspelt] = len(words) + np.arange(len(meant))
        at = np.flatnonzero(other[places])
        texts = np.repeat(np.arange(len(found.words_per_text)), found.words_per_text)
        said = texts[at] * len(words) + places[at]
        _, which, times = np.unique(said, return_inverse=True, return_counts=True)
        at = at[times[which] == 1]
        places = places.copy()
        places[at] = other[places[at]]
        return np.concatenate([words, meant]), places

    def _computed(self, found: Words, chosen: Index) -> WordVectors:
        """Compute the vectors of some of the different words."""
        starts, lengths = found.starts[chosen], found.lengths[chosen]
        words = self._words(*grams(found.data, starts, lengths, found.names[chosen]))
        guesses = self._speller.guess(found.data, starts, lengths)
        if not len(guesses.words):
            return WordVectors(words, guesses.words, words[:0])
        known, which = np.unique(guesses.known, return_inverse=True)
        meant = self._words(*self._speller.features(known))[which] * guesses.weights[:, None]
        sums = np.add.reduceat(meant, np.cumsum(guesses.per_word) - guesses.per_word, axis=0)
        trust = guesses.trust[:, None]
        respelt = (1 - trust) * words[guesses.words] + trust * sums
        return WordVectors(words, guesses.words, respelt)

    def _words(self, hashes: U64, features_per_word: Index) -> Floats:
        """Return the gated vector of each word, (W, D)."""
        rows = table_rows(hashes, len(self._table)).reshape(-1)  # (2F,)
        counts = features_per_word * 2  # (W,)
        vectors = np.empty((len(counts), self.dimensions), np.float32)
        if not len(counts):
            return vectors
        _segment_sums(self._table, rows, counts, WORDS_AT_ONCE, vectors, np.arange(len(counts)))
        openness = np.add.reduceat(self._gates[rows], np.cumsum(counts) - counts)  # (W,)
        root = np.sqrt(features_per_word)
        gate = np.exp(np.clip(openness / root, -MOST_OPEN, MOST_OPEN))
        vectors *= (gate / root).astype(np.float32)[:, None]
        return vectors


def table_rows(hashes: NDArray[np.uint64], rows: int) -> Index:
    """Choose two rows for each feature (F, 2), from the two halves of its hash."""
    low, high = hashes & np.uint64(0xFFFFFFFF), hashes >> np.uint64(32)
    return (np.stack([low, high], axis=1) % np.uint64(rows)).astype(np.int64)


def read(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    """Return the arrays and the fingerprint of an embedder file, or refuse it."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
    except FileNotFoundError as error:
        raise EmbedderFileError(f"no embedder file at {path}: install selfd again") from error
    except (SafetensorError, OSError) as error:
        raise EmbedderFileError(f"embedder file {path} cannot be read: {error}") from error
    if metadata.get("format") != FORMAT:
        raise EmbedderFileError(
            f"embedder file {path} has format {metadata.get('format')!r}, "
            f"this selfd reads {FORMAT!r}: take the file that came with it"
        )
    found = fingerprint(tensors)
    if found != metadata.get("fingerprint"):
        raise EmbedderFileError(
            f"embedder file {path} was changed: its content is {found}, "
            f"it says {metadata.get('fingerprint')!r}"
        )
    return tensors, found


def fingerprint(tensors: Mapping[str, NDArray[Any]]) -> str:
    """Hash names, shapes, types and bytes of the arrays, 16 hex digits of SHA-256."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def _blocks(texts: Sequence[str]) -> Iterator[list[tuple[int, bytes]]]:
    """Group the texts' normalised bytes into blocks of at most BLOCK_BYTES, cutting longer ones."""
    block: list[tuple[int, bytes]] = []
    size = 0
    for place, text in enumerate(texts):
        for piece in cut(normalise(text), BLOCK_BYTES):
            if block and size + len(piece) > BLOCK_BYTES:
                yield block
                block, size = [], 0
            block.append((place, piece))
            size += len(piece)
    if block:
        yield block


def _segment_sums(
    table: Floats, rows: Index, counts: Index, at_once: int, out: Floats, places: Index
) -> None:
    """Write to out[places] the sums of consecutive runs of `counts` rows of the table.

    Some runs at a time, so that what is gathered stays in the processor's cache.
    """
    ends = np.cumsum(counts)
    starts = ends - counts
    for first in range(0, len(counts), at_once):
        part = slice(first, first + at_once)
        begin, end = starts[first], ends[part][-1]
        gathered = table[rows[begin:end]]
        runs = zip(places[part], starts[part] - begin, ends[part] - begin, strict=True)
        for place, start, stop in runs:  # one by one: `reduceat` takes three times as long
            np.add.reduce(gathered[start:stop], axis=0, out=out[place])
