"""Measure what giving an answer again costs and saves.

    python -m bench answer_cache

A store of 20,000 memories is asked 200 questions, then the same ones, then the same in other words;
each answer is written durably as a turn of a conversation of its own, as ever.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.cache import Lookup
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store

if TYPE_CHECKING:
    from bench.row import Row

MEMORIES = 20_000
QUESTIONS = 200
THINGS = ("drill", "ladder", "lantern", "compass", "kettle", "trumpet", "anvil", "globe")
PLACES = ("cellar", "attic", "garage", "shed", "pantry", "study", "hall", "loft", "barn")


class Timed(AnsweringService):
    """Writes down how each answer was found."""

    found: list[Lookup]

    def looked_up(self, how: Lookup, saved: float) -> None:
        self.found.append(how)


def rows(data: Path | None) -> list[Row]:
    """Return the times of answers that are made, and of those that are given again."""
    from bench.row import Row

    made, exact, semantic, share = asyncio.run(_measure())
    note = f"{MEMORIES:,} memories, each turn written durably"
    return [
        Row("answer made, p50", made * 1000, "ms", None, "lower", note),
        Row("answer given again, p50", exact * 1000, "ms", 5.0, "lower", "equal question"),
        Row("answer given again, p50", semantic * 1000, "ms", 5.0, "lower", "in other words"),
        Row("found again in other words", share, "", None, "higher", f"{QUESTIONS} questions"),
    ]


async def _measure() -> tuple[float, float, float, float]:
    embedder = Embedder.load()

    async def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
        vectors: list[list[float]] = embedder.embed(texts).tolist()
        return vectors

    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
        async with await Store.open(Path(folder), embedders=shipped_embedders()) as store:
            for start in range(0, MEMORIES, 1000):
                await store.memories.add_many([_memory(n) for n in range(start, start + 1000)])
            service = Timed(store, AnsweringSettings(), monotonic=time.monotonic, embed=embed)
            service.found = []
            numbers = range(0, MEMORIES, MEMORIES // QUESTIONS)
            made = await _median(service.ask, [_question(n) for n in numbers])
            exact = await _median(service.ask, [_question(n) for n in numbers])
            again = [_question(n).replace("Where is", "Where exactly is") for n in numbers]
            semantic = await _median(service.ask, again)
            hits = sum(how == "semantic" for how in service.found)
    return made, exact, semantic, hits / QUESTIONS


def _memory(n: int) -> NewMemory:
    thing, place = THINGS[n % len(THINGS)], PLACES[n % len(PLACES)]
    return NewMemory(f"The {thing} with the label {n} stands in the {place} of house {n // 7}.")


def _question(n: int) -> str:
    return f"Where is the {THINGS[n % len(THINGS)]} with the label {n}?"


async def _median(ask: Callable[[Question], Awaitable[object]], questions: Sequence[str]) -> float:
    times = []
    for text in questions:
        start = time.perf_counter()
        await ask(Question(text))
        times.append(time.perf_counter() - start)
    return statistics.median(times)
