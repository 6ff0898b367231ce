"""One search: words and meaning first, then the names in what they found, and all of it weighed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.columns import Codes
from selfd_storage.database import Database
from selfd_storage.embedding import EMBEDDED_CHARACTERS
from selfd_storage.errors import EmbeddingError
from selfd_storage.ranking.close_look import (
    LOOKED_AT,
    POOL,
    ROOTS,
    CloseLook,
    PartMeanings,
    Seen,
    in_new_order,
    shares_of,
    stand_alone,
)
from selfd_storage.ranking.codes import CodeScores, Near
from selfd_storage.ranking.fusion import Candidates, Query, Ranked, View, fuse
from selfd_storage.ranking.held_terms import read_terms
from selfd_storage.ranking.names import MOST_TEXT, SEEDS, follow_names
from selfd_storage.ranking.words import WordScores
from selfd_storage.records import EventRecord
from selfd_storage.words.postings import KeptPostings
from selfd_storage.words.source import read_texts


class Retrieval:
    """Searches one state of the index for one question after the other."""

    def __init__(self, source: Database[EventRecord], file: Database[Any]) -> None:
        self.trouble: EmbeddingError | None = None
        self._source = source
        self._file = file
        self._postings = KeptPostings()

    async def search(
        self, view: View, layers: Sequence[Codes], question: str, asked: Query, first: int
    ) -> list[Ranked]:
        """Return the documents that fit a question best, the best first."""
        return fuse(await self.opinions(view, layers, question, asked), view, asked, first)

    async def search_closely(
        self, view: View, layers: Sequence[Codes], question: str, asked: Query, first: int
    ) -> list[Ranked]:
        """Return the documents that answer a question together, the best first."""
        ranked, seen = await self.look_closely(view, layers, question, asked, first)
        return in_new_order(ranked, seen.docs.tolist(), view)[:first] if seen else ranked[:first]

    async def look_closely(
        self, view: View, layers: Sequence[Codes], question: str, asked: Query, first: int
    ) -> tuple[list[Ranked], Seen | None]:
        """Return what a search finds, and how a close look orders what stands alone of it."""
        found = await self.opinions(view, layers, question, asked)
        ranked = fuse(found, view, asked, max(first, LOOKED_AT))
        docs = np.sort(np.array([each.doc for each in ranked], np.int64))
        alone = docs[stand_alone(view, docs)]
        lexical = found["lexical"]
        by_time_alone = "lexical" not in lexical.found
        if len(alone) < 2 or by_time_alone or not asked.terms:
            return ranked, None
        cued = frozenset(lexical.docs[lexical.found["symbolic"]].tolist())

        def prepare(db: sqlite3.Connection) -> tuple[CloseLook, Seen]:
            _, _, terms = read_terms(db, view, asked, self._postings)
            look = CloseLook(terms, self._parts(layers, question), cued)
            return look, look.see(alone).best(POOL)

        look, seen = await self._file.read(prepare)
        return ranked, await self._linked(look, view, seen)

    async def _linked(self, look: CloseLook, view: View, seen: Seen) -> Seen:
        """Return some documents and those that they speak of by name, the best first."""
        texts = await self._texts(view, seen.docs.tolist())
        seen = look.with_titles(seen, texts)
        roots = seen.best(ROOTS)
        shares = shares_of(seen, roots)
        links = await self._file.read(partial(look.follow, view=view, roots=roots, texts=texts))
        further = links.strongest(shares, seen.docs)
        texts |= await self._texts(view, further.tolist())

        def judge() -> Seen:
            both = seen.joined(look.with_titles(look.see(further), texts))
            return look.linked(both, roots, shares, links, texts).best(len(both.docs))

        return await asyncio.to_thread(judge)

    async def opinions(
        self, view: View, layers: Sequence[Codes], question: str, asked: Query
    ) -> dict[str, Candidates]:
        """Return what each retriever thinks of documents, by its name."""

        def find(db: sqlite3.Connection) -> tuple[Candidates, CodeScores | None, Near | None]:
            meaning = self._embedded(view, layers, question)
            lexical = _find_words(db, view, asked, self._postings)
            return lexical, meaning, None if meaning is None else meaning.nearest(db)

        lexical, meaning, near = await self._file.read(find)
        found = {"lexical": lexical}
        if meaning is not None and near is not None:
            near = await self.made_sure(view, meaning, near)
            found["dense"] = meaning.candidates(near, lexical)
        linked = await self._second_step(view, asked, fuse(found, view, asked, SEEDS))
        for name, each in linked.items():
            found[name] = each
            if meaning is not None:
                found["dense"] = meaning.extended(found["dense"], each.docs)
        return found

    async def made_sure(self, view: View, meaning: CodeScores, near: Near) -> Near:
        """Embed anew what may or may not be among the nearest."""
        entries = {doc: view.columns.entry(doc) for doc in near.doubtful.tolist()}
        if not entries:
            return near

        def embed(db: sqlite3.Connection) -> Near:
            return meaning.made_sure(near, read_texts(db, entries, EMBEDDED_CHARACTERS))

        try:
            return await self._source.read(embed)
        except EmbeddingError as error:  # the codes are nearly right
            self.trouble = error
            return near

    def _embedded(self, view: View, layers: Sequence[Codes], question: str) -> CodeScores | None:
        """Embed a question; None where there is nothing to compare it with."""
        if not layers:
            return None
        try:
            meaning = CodeScores(view, layers, question)
        except EmbeddingError as error:  # words alone find much
            self.trouble = error
            return None
        self.trouble = None
        return meaning

    def _parts(self, layers: Sequence[Codes], question: str) -> PartMeanings | None:
        """Embed a question's parts; None where there is nothing to compare them with."""
        if not layers or layers[0].embedder is None:
            return None
        try:
            return PartMeanings(layers[0], layers[0].embedder, question)
        except EmbeddingError as error:
            self.trouble = error
            return None

    async def _second_step(
        self, view: View, asked: Query, ranked: Sequence[Ranked]
    ) -> dict[str, Candidates]:
        """Find what the best texts speak of by name."""
        first = [each for each in ranked if each.via != ("symbolic",)]  # else a time, and no words
        if not first:
            return {}
        texts = await self._texts(view, [each.doc for each in first])
        seeds = [(each, texts[each.doc]) for each in first if each.doc in texts]
        if not seeds:
            return {}
        found = await self._file.read(partial(follow_names, view=view, query=asked, seeds=seeds))
        if not len(found.docs):
            return {}
        return found.judged(await self._texts(view, found.docs.tolist()))

    async def _texts(self, view: View, docs: Sequence[int]) -> dict[int, str]:
        entries = {doc: view.columns.entry(doc) for doc in docs}
        return await self._source.read(partial(read_texts, entries=entries, most=MOST_TEXT))


def _find_words(
    db: sqlite3.Connection, view: View, asked: Query, postings: KeptPostings
) -> Candidates:
    read, frequencies, terms = read_terms(db, view, asked, postings)
    scores = WordScores(view, read, frequencies)
    for term, found in terms.postings.items():
        scores.add(term, found)
    return scores.candidates()
