"""A small token model to mix with the shipped one: byte-pair tokens, and n-grams over them.

It is trained where it is measured, from the text that the shipped model was trained on, in a minute
or two; nothing of it is kept. Interpolated Kneser-Ney smoothing (Chen & Goodman 1999, eq. 3.19).
An n-gram is one number, 12 bits a token, so that all that follow a context lie side by side.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfd_daemon.minds.mlx.tokens import byte_level
from selfd_models.training.data.corpus import read_records

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BITS = 12
TOKENS = 1 << BITS
ORDER = 4
PART = 4_000_000  # bytes of each file that are read
PIECE = 100_000  # characters that are cut into tokens at once

Context = tuple[int, ...]


class NgramModel:
    """Implements `selfd_models.byte_view.TokenModel`; a state is the last tokens."""

    def __init__(self, tokenizer: Tokenizer, text: NDArray[np.uint64], order: int) -> None:
        tokens = range(tokenizer.get_vocab_size())
        self.vocabulary = [byte_level(tokenizer.id_to_token(number) or "") for number in tokens]
        self._order = order
        self._tables = _tables(text, order)
        self.dense = lru_cache(maxsize=4096)(self._dense)

    def start(self) -> Context:
        """Begin a text: nothing is known."""
        return ()

    def step(self, state: Context, token: int) -> Context:
        """Keep as much as the longest n-gram looks back."""
        return (*state, token)[1 - self._order :]

    def next(self, states: Sequence[Context]) -> NDArray[np.float64]:
        """Give the probability of each token after each context."""
        return np.stack([self.dense(state) for state in states])

    def _dense(self, context: Context) -> NDArray[np.float64]:
        lower = self.dense(context[1:]) if context else np.full(TOKENS, 1 / TOKENS)
        grams, counts, discount = self._tables[len(context)]
        first = np.uint64(0)
        for token in context:
            first = (first << np.uint64(BITS)) | np.uint64(token)
        begin, end = np.searchsorted(
            grams, [first << np.uint64(BITS), (first + np.uint64(1)) << np.uint64(BITS)]
        )
        if begin == end:
            return lower
        seen, total = counts[begin:end], counts[begin:end].sum()
        chances: NDArray[np.float64] = lower * (discount * len(seen) / total)
        chances[(grams[begin:end] & np.uint64(TOKENS - 1)).astype(np.intp)] += (
            seen - discount
        ) / total
        return chances


def train(folder: Path, order: int = ORDER) -> NgramModel:
    """Train on the English text of a folder."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TOKENS,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(itertools.islice(_texts(folder), 0, None, 8), trainer)
    cut = (np.array(tokenizer.encode(text).ids, np.uint64) for text in _texts(folder))
    return NgramModel(tokenizer, np.concatenate(list(cut)), order)


def _texts(folder: Path) -> Iterator[str]:
    """Give the first part of each file, text by text."""
    for path in sorted(folder.glob("en_train_*")):
        left = PART
        for _, text in read_records(path):
            for at in range(0, len(text), PIECE):
                yield text[at : at + PIECE]
                left -= PIECE
            left += PIECE - len(text) % PIECE
            if left <= 0:
                break


def _tables(
    tokens: NDArray[np.uint64], order: int
) -> list[tuple[NDArray[np.uint64], NDArray[np.float64], float]]:
    """Give, for each length of context, the n-grams in order, their counts and the discount."""
    longest = tokens[: len(tokens) - order + 1].copy()
    for ahead in range(1, order):
        longest <<= np.uint64(BITS)
        longest |= tokens[ahead : len(tokens) - order + 1 + ahead]
    grams, counts = np.unique(longest, return_counts=True)
    tables = [_table(grams, counts)]
    for length in range(order - 1, 0, -1):  # how many different tokens come before each
        shorter = grams & np.uint64((1 << (BITS * length)) - 1)
        grams, counts = np.unique(shorter, return_counts=True)
        tables.append(_table(grams, counts))
    return tables[::-1]


def _table(
    grams: NDArray[np.uint64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.uint64], NDArray[np.float64], float]:
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    discount = once / (once + 2 * twice) if once else 0.5
    return grams, counts.astype(np.float64), discount
