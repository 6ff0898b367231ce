"""Keeping codes in step with the documents of `index.db`, a slice at a time, in the background.

New documents come first, older ones after them, newest first: so a search soon knows by its meaning
what was told today, while an import, an upgrade or another embedder is still being worked through.
The codes of a former embedder stay, and serve what the new one has not reached, until it is done:
by that embedder, or, where it is gone, through the one in use as soon as both have embedded some.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from selfd_storage.codes.bridge import LEAST_PAIRS, MOST_PAIRS, fit
from selfd_storage.codes.columns import Codes, fill
from selfd_storage.codes.file import Coded, begin, clamp, reaches_too_far, read_coded
from selfd_storage.codes.planes import drop_codes, read_codes, write_codes
from selfd_storage.codes.vectors import Flags, Floats, Words
from selfd_storage.database import Database, Transaction
from selfd_storage.embedding import EMBEDDED_CHARACTERS, TextEmbedder
from selfd_storage.records import EventRecord
from selfd_storage.words.columns import BURIED, Columns, Docs
from selfd_storage.words.source import read_texts

STEP = 252  # documents of one step, four rows of codes
AT_ONCE = 63  # texts embedded in one go, a hundredth of a second: others get their turn between
BITS, LONG_BITS = 4, 7  # of a dimension; docs/decisions/0023
LONG = 300  # characters from which on a text is dear to embed, and has a code of LONG_BITS
SEED = 1


class CodesFollower:
    """The codes of the embedder in use and perhaps of a former one. One caller at a time."""

    def __init__(
        self,
        source: Database[EventRecord],
        file: Database[Any],
        columns: Columns,
        embedders: Sequence[TextEmbedder],
    ) -> None:
        """Take the columns of the documents to follow.

        Args:
            embedders: the one in use first; former ones, if they can be had, read what they made.
        """
        self.layers: tuple[Codes, ...] = ()  # the one in use first
        self._pairs = 0  # documents that the bridges to former codes were learned from
        self._source = source
        self._file = file
        self._columns = columns
        self._embedders = embedders

    @property
    def is_done(self) -> bool:
        """Tell whether every document has its code."""
        if not self._embedders:
            return True
        return bool(self.layers) and self._next_slice(self.layers[0]) is None

    @property
    def progress(self) -> float:
        """Return the share of documents that have the code of the embedder in use."""
        count = self._columns.count - 1
        if not self.layers or not count:
            return 1.0 if self.is_done else 0.0
        return (self.layers[0].high - self.layers[0].low) / count

    @property
    def vector_bytes(self) -> int:
        """Return what the coded vectors of the embedder in use would take as float32."""
        if not self.layers:
            return 0
        first = self.layers[0]
        return (first.high - first.low) * self._embedders[0].dimensions * 4

    async def load(self) -> None:
        """Read the codes that are there, and begin those of a new embedder."""
        if not self._embedders:
            return
        known = {each.fingerprint: each for each in self._embedders}
        if await self._file.read(reaches_too_far):  # a full disk can only be read
            await self._file.write(clamp)
        found = await self._file.read(read_coded)
        first = self._embedders[0]
        current = next(
            (each for each in found if each.fingerprint == first.fingerprint and each.bits == BITS),
            None,
        )
        if current is None:
            at = self._columns.count
            start = partial(
                begin,
                fingerprint=first.fingerprint,
                dimensions=first.dimensions,
                bits=BITS,
                seed=SEED,
                at=at,
            )
            current = await self._file.write(start)
        layers: list[Codes] = []
        for coded in [current, *reversed(found)]:
            is_new = all(coded.model != layer.coded.model for layer in layers)
            if is_new:
                layers.append(await self._read_layer(coded, known.get(coded.fingerprint)))
        self.layers = tuple(layers)
        self._pairs = 0
        await self._build_bridges()

    def erase(self, docs: Sequence[int]) -> None:
        """Take the codes of documents that are gone out of memory; the file has lost them."""
        for codes in self.layers:
            codes.erase(docs)

    async def step(self) -> bool:
        """Embed one slice of documents; False where there is nothing to do."""
        if not self.layers:
            await self.load()  # it could not be done at the start
        if not self.layers:
            return False
        codes = self.layers[0]
        found = self._next_slice(codes)
        if found is None:
            await self._drop_former()
            return False
        first, last = found
        made, is_long = await self._encode(codes, first, last)

        def write(tx: Transaction) -> Words:
            (coded,) = [c for c in read_coded(tx.connection) if c.model == codes.coded.model]
            return write_codes(tx, coded, first, made, is_long)

        written = await self._file.write(write)
        codes.put(first, written)
        gone = np.flatnonzero(self._columns["kind"][first:last] == BURIED) + first
        codes.erase(gone.tolist())
        codes.reach(first, last)
        await self._build_bridges()
        return True

    async def _build_bridges(self) -> None:
        """Learn how to ask former codes whose embedder is gone, and again from far more of them."""
        present, *former = self.layers
        gone = [codes for codes in former if codes.embedder is None]
        pairs = min(present.high - present.low, MOST_PAIRS)
        if not gone or pairs < max(LEAST_PAIRS, 4 * self._pairs):
            return
        self._pairs = pairs
        docs = np.arange(present.low, present.high)
        docs = docs[present.holds(docs)]
        for codes in gone:
            both = docs[codes.holds(docs)][:MOST_PAIRS]
            if len(both) >= LEAST_PAIRS:
                codes.bridge = await asyncio.to_thread(_bridge, present, codes, both)

    def _next_slice(self, codes: Codes) -> tuple[int, int] | None:
        """Return the next documents to embed, whole rows of the file where that can be."""
        count = self._columns.count
        if codes.high < count:
            end = codes.high // STEP * STEP + STEP
            return codes.high, min(count, end)
        if codes.low > 1:
            start = (codes.low - 1) // STEP * STEP
            return max(1, start), codes.low
        return None

    async def _read_layer(self, coded: Coded, embedder: TextEmbedder | None) -> Codes:
        codes = Codes(coded, embedder)
        await self._file.read(lambda db: fill(codes, read_codes(db, coded)))
        return codes

    async def _encode(self, codes: Codes, first: int, last: int) -> tuple[Words, Flags]:
        """Return the codes (n, LONG_BITS, W) of documents, and which are those of long texts (n,).

        There are zeros where there is no text any more.
        """
        embedder, texts = self._embedders[0], await self._texts(first, last)
        made = np.zeros((last - first, LONG_BITS, codes.codec.dimensions // 64), np.uint64)
        docs = sorted(texts)
        edges = [*range(0, len(docs), AT_ONCE), len(docs)]
        for low, high in pairwise(edges):
            some = docs[low:high]
            vectors = await asyncio.to_thread(embedder.embed, [texts[doc] for doc in some])
            made[np.array(some) - first] = codes.codec.encode(vectors, LONG_BITS)
        is_long = [len(texts.get(doc, "")) > LONG for doc in range(first, last)]
        return made, np.array(is_long, np.bool_)

    async def _texts(self, first: int, last: int) -> dict[int, str]:
        entries = self._columns.entries(np.arange(first, last))
        return await self._source.read(
            partial(read_texts, entries=entries, most=EMBEDDED_CHARACTERS)
        )

    async def _drop_former(self) -> None:
        """Remove the codes of former embedders once all documents have new ones."""
        mine = self.layers[0].coded.model
        former = [each.model for each in await self._file.read(read_coded) if each.model != mine]
        if former:
            await self._file.write(partial(drop_codes, models=former), frees=True)
            self.layers = self.layers[:1]


def _bridge(present: Codes, former: Codes, docs: Docs) -> Floats:
    return fit(present.restored(docs), former.restored(docs))
