"""Whether a search finds what an exact search by meaning finds, and what the scan of codes takes.

    python -m bench codes

A store is filled with the texts of each set and asked as the daemon asks it: the hundred candidates
by codes, in the order of finer codes, the doubtful ones embedded anew. Held against the ten with
the highest cosines in float32.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from bench.locomo import read, said
from bench.row import Row
from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store
from selfd_storage.codes.columns import NEAREST
from selfd_storage.codes.follow import SEED
from selfd_storage.codes.vectors import COARSE, VectorCodec
from selfd_storage.embedding import EMBEDDED_CHARACTERS
from selfd_storage.ranking.codes import EXACT, CodeScores
from selfd_storage.ranking.fusion import View
from selfd_storage.words.source import read_texts

SIZES = (100_000, 1_000_000)
MOST_QUESTIONS = 1500  # of a set
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its exact ten, the hundred candidates, and the first ten of the search."""

    exact: frozenset[int]
    candidates: frozenset[int]
    first: frozenset[int]
    anew: int


def rows(data: Path | None) -> list[Row]:
    """Compare with exact search in float32, and time the scan over made-up codes."""
    found = [] if data is None else [row for name in SETS for row in _recall(data, name)]
    rng = np.random.default_rng(SEED)
    codec = VectorCodec(256, seed=SEED)
    query = np.eye(256, dtype=np.float32)[0]
    for size in SIZES:
        signs, rest = rng.integers(0, 1 << 63, size=(COARSE, 4, size), dtype=np.uint64)
        second = np.ascontiguousarray(rest.T)
        times = []
        for _ in range(9):
            begun = time.thread_time()
            codec.candidates(query, signs.T, second, keep=NEAREST)
            times.append((time.thread_time() - begun) * 1000)
        what = f"scan of {size:,} codes"
        found.append(Row(what, statistics.median(times), "ms", None, "lower", "processor time"))
    return found


def _recall(data: Path, name: str) -> list[Row]:
    texts, questions = SETS[name](data)
    step = -(-len(questions) // MOST_QUESTIONS)
    asked = asyncio.run(_ask(sorted(texts), questions[::step]))
    among = statistics.fmean(len(each.exact & each.candidates) / EXACT for each in asked)
    first = statistics.fmean(len(each.exact & each.first) / EXACT for each in asked)
    anew = statistics.fmean(each.anew for each in asked)
    note = f"{len(texts):,} texts, {len(asked):,} questions"
    return [
        Row(f"{name}: ten nearest among {NEAREST}", among, "", 0.98, "higher", note),
        Row(f"{name}: ... and first", first, "", 0.98, "higher", f"{anew:.1f} embedded anew"),
    ]


async def _ask(texts: Sequence[str], questions: Sequence[str]) -> list[Asked]:
    embedder = Embedder.load()
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
        async with await Store.open(Path(folder), embedders=[embedder]) as store:
            told: dict[int, str] = {}
            for start in range(0, len(texts), BATCH):
                some = texts[start : start + BATCH]
                kept = await store.memories.add_many([NewMemory(text) for text in some])
                for memory, text in zip(kept, some, strict=True):
                    told.setdefault(int(memory.id.partition(":")[2]), text)  # twins are folded
            await store.settle()
            return await _compare(store, embedder, told, questions)


async def _compare(
    store: Store, embedder: Embedder, told: Mapping[int, str], questions: Sequence[str]
) -> list[Asked]:
    index = store._words
    assert index is not None
    columns = index._follower.columns
    docs = np.arange(1, columns.count)
    heads = [told[columns.entry(doc).item][:EMBEDDED_CHARACTERS] for doc in docs.tolist()]
    vectors, asked = embedder.embed(heads), []
    for question in questions:
        nearness = vectors @ embedder.embed([question])[0]
        exact = docs[np.argsort(-nearness, kind="stable")[:EXACT]]
        view = View(columns, index._follower.chains)
        meaning = CodeScores(view, index._codes.layers, question)
        by_codes = await index._file.read(meaning.nearest)
        doubtful = columns.entries(by_codes.doubtful)
        texts = await store.database.read(
            partial(read_texts, entries=doubtful, most=EMBEDDED_CHARACTERS)
        )
        near = meaning.made_sure(by_codes, texts)
        first = near.docs[np.argsort(-near.scores, kind="stable")[:EXACT]]
        found, among, ten = (frozenset(some.tolist()) for some in (exact, near.docs, first))
        asked.append(Asked(found, among, ten, len(by_codes.doubtful)))
    return asked


def _locomo(data: Path) -> tuple[set[str], list[str]]:
    texts = {
        said(turn)
        for each in read(data / "memory" / "locomo_conversations.jsonl.zst")
        for session in each["sessions"]
        for turn in session["turns"]
    }
    return texts, [each["question"] for each in read(data / "memory" / "locomo_qa.jsonl.zst")]


def _strategyqa(data: Path) -> tuple[set[str], list[str]]:
    records = list(read(data / "multihop" / "strategyqa.jsonl.zst"))
    facts = {fact for each in records for fact in each["facts"] if fact}
    return facts, [each["question"] for each in records]


def _squad(data: Path) -> tuple[set[str], list[str]]:
    texts = {each["text"] for each in read(data / "pairs" / "squad_passages.jsonl.zst")}
    return texts, [each["question"] for each in read(data / "pairs" / "squad_questions.jsonl.zst")]


def _scifact(data: Path) -> tuple[set[str], list[str]]:
    texts = {
        f"{each['title']}\n{each['text']}"
        for each in read(data / "ir" / "scifact_corpus.jsonl.zst")
    }
    return texts, [each["text"] for each in read(data / "ir" / "scifact_queries.jsonl.zst")]


SETS: Mapping[str, Callable[[Path], tuple[set[str], list[str]]]] = {
    "LoCoMo": _locomo,
    "StrategyQA": _strategyqa,
    "SQuAD": _squad,
    "SciFact": _scifact,
}
