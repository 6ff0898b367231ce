"""One search: words and meaning first, then the names in what they found, and all of it weighed.

All of it is done on one thread over one snapshot of each file: every change of threads takes as
long as looking up a word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.columns import Codes
from selfd_storage.connection import translated
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
from selfd_storage.words.columns import Docs
from selfd_storage.words.postings import KeptPostings
from selfd_storage.words.source import read_texts

T = TypeVar("T")


class Retrieval:
    """Searches one state of the index for one question after the other."""

    def __init__(self, source: Database[EventRecord], file: Database[Any]) -> None:
        self.trouble: EmbeddingError | None = None
        self._source = source
        self._file = file
        self._postings = KeptPostings()

    async def search(
        self,
        view: View,
        layers: Sequence[Codes],
        question: str,
        asked: Query,
        first: int,
        closely: bool,
        then: Callable[[Sequence[Ranked], sqlite3.Connection], T],
    ) -> T:
        """Find the documents that fit a question best, and return what `then` makes of them.

        Args:
            closely: put those first that answer the question together.
            then: called with the documents, the best first, and with `selfd.db` to read from.
        """

        def find(one: _Search) -> T:
            found = one.ranked_closely(first) if closely else one.ranked(first)
            with translated(self._source.path):
                return then(found, one.texts.source)

        return await self._run(view, layers, question, asked, find)

    async def look_closely(
        self, view: View, layers: Sequence[Codes], question: str, asked: Query, first: int
    ) -> tuple[list[Ranked], Seen | None]:
        """Return what a search finds, and how a close look orders what stands alone of it."""
        return await self._run(view, layers, question, asked, lambda one: one.look_closely(first))

    async def opinions(
        self, view: View, layers: Sequence[Codes], question: str, asked: Query
    ) -> dict[str, Candidates]:
        """Return what each retriever thinks of documents, by its name."""
        return await self._run(view, layers, question, asked, lambda one: one.opinions())

    async def _run(
        self,
        view: View,
        layers: Sequence[Codes],
        question: str,
        asked: Query,
        find: Callable[[_Search], T],
    ) -> T:
        def run(file: sqlite3.Connection, source: sqlite3.Connection) -> T:
            texts = _Texts(source, self._source.path, view)
            one = _Search(file, texts, self._postings, view, layers, question, asked)
            found = find(one)
            self.trouble = one.trouble
            return found

        return await self._file.read_with(self._source, run)


class _Texts:
    """The texts of documents, out of a snapshot of `selfd.db`."""

    def __init__(self, source: sqlite3.Connection, path: Path, view: View) -> None:
        self.source = source
        self._path = path
        self._columns = view.columns

    def of(self, docs: Docs, most: int = MOST_TEXT) -> dict[int, str]:
        """Return how documents begin, those that there are still."""
        with translated(self._path):
            return read_texts(self.source, self._columns.entries(docs), most)


class _Search:
    """One question, over a snapshot of `index.db`."""

    def __init__(
        self,
        file: sqlite3.Connection,
        texts: _Texts,
        postings: KeptPostings,
        view: View,
        layers: Sequence[Codes],
        question: str,
        asked: Query,
    ) -> None:
        self.trouble: EmbeddingError | None = None
        self._file = file
        self.texts = texts
        self._postings = postings
        self._view = view
        self._layers = layers
        self._question = question
        self._asked = asked

    def ranked(self, first: int) -> list[Ranked]:
        """Return the documents that fit best, the best first."""
        return fuse(self.opinions(), self._view, self._asked, first)

    def ranked_closely(self, first: int) -> list[Ranked]:
        """Return the documents that answer the question together, the best first."""
        ranked, seen = self.look_closely(first)
        if seen is not None:
            ranked = in_new_order(ranked, seen.docs.tolist(), self._view)
        return ranked[:first]

    def opinions(self) -> dict[str, Candidates]:
        """Return what each retriever thinks of documents, by its name."""
        meaning, lexical = self._embedded(), self._find_words()
        found = {"lexical": lexical}
        if meaning is not None:
            near = self._made_sure(meaning, meaning.nearest(self._file))
            found["dense"] = meaning.candidates(near, lexical)
        for name, each in self._second_step(fuse(found, self._view, self._asked, SEEDS)).items():
            found[name] = each
            if meaning is not None:
                found["dense"] = meaning.extended(found["dense"], each.docs)
        return found

    def look_closely(self, first: int) -> tuple[list[Ranked], Seen | None]:
        """Return what is found, and how a close look orders what stands alone of it."""
        found = self.opinions()
        ranked = fuse(found, self._view, self._asked, max(first, LOOKED_AT))
        docs = np.sort(np.array([each.doc for each in ranked], np.int64))
        alone = docs[stand_alone(self._view, docs)]
        lexical = found["lexical"]
        by_time_alone = "lexical" not in lexical.found
        if len(alone) < 2 or by_time_alone or not self._asked.terms:
            return ranked, None
        cued = frozenset(lexical.docs[lexical.found["symbolic"]].tolist())
        _, _, terms = read_terms(self._file, self._view, self._asked, self._postings)
        look = CloseLook(terms, self._parts(), cued)
        return ranked, self._linked(look, look.see(alone).best(POOL))

    def _linked(self, look: CloseLook, seen: Seen) -> Seen:
        """Return some documents and those that they speak of by name, the best first."""
        texts = self.texts.of(seen.docs)
        seen = look.with_titles(seen, texts)
        roots = seen.best(ROOTS)
        shares = shares_of(seen, roots)
        links = look.follow(self._file, self._view, roots, texts)
        further = links.strongest(shares, seen.docs)
        texts |= self.texts.of(further)
        both = seen.joined(look.with_titles(look.see(further), texts))
        return look.linked(both, roots, shares, links, texts).best(len(both.docs))

    def _find_words(self) -> Candidates:
        read, frequencies, terms = read_terms(self._file, self._view, self._asked, self._postings)
        return WordScores(self._view, read, frequencies, terms.postings).candidates()

    def _embedded(self) -> CodeScores | None:
        """Embed the question; None where there is nothing to compare it with."""
        if not self._layers:
            return None
        try:
            return CodeScores(self._view, self._layers, self._question)
        except EmbeddingError as error:  # words alone find much
            self.trouble = error
            return None

    def _parts(self) -> PartMeanings | None:
        """Embed the question's parts; None where there is nothing to compare them with."""
        if not self._layers or self._layers[0].embedder is None:
            return None
        try:
            return PartMeanings(self._layers[0], self._layers[0].embedder, self._question)
        except EmbeddingError as error:
            self.trouble = error
            return None

    def _made_sure(self, meaning: CodeScores, near: Near) -> Near:
        """Embed anew what may or may not be among the nearest."""
        if not len(near.doubtful):
            return near
        try:
            return meaning.made_sure(near, self.texts.of(near.doubtful, EMBEDDED_CHARACTERS))
        except EmbeddingError as error:  # the codes are nearly right
            self.trouble = error
            return near

    def _second_step(self, ranked: Sequence[Ranked]) -> dict[str, Candidates]:
        """Find what the best texts speak of by name."""
        first = [each for each in ranked if each.via != ("symbolic",)]  # else a time, and no words
        if not first:
            return {}
        texts = self.texts.of(np.array([each.doc for each in first], np.int64))
        seeds = [(each, texts[each.doc]) for each in first if each.doc in texts]
        if not seeds:
            return {}
        found = follow_names(self._file, self._view, self._asked, seeds)
        return found.judged(self.texts.of(found.docs)) if len(found.docs) else {}
