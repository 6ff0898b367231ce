"""Hybrid search on eight collections, beside plain BM25 and BM25 fused with MiniLM's vectors.

    python -m bench retrieval
    python tests/bench/retrieval.py --data DIR --minilm FOLDER [--sets musique,cisi]

Where a question needs several passages, what `ask` reads for it is measured, too: all questions,
and those of the half that nothing was chosen by (`is_held_out`).

BM25 is measured in the same run. MiniLM (the extra `distil`) takes a quarter of an hour, so that
its vectors are kept in FOLDER, and `python -m bench` compares with what was measured once.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.retrieval_sets import (
    CLASSICAL,
    SEVERAL,
    Collection,
    bm25,
    collection,
    fused,
    is_held_out,
)
from bench.row import Row
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.retrieval.confidence import confidence
from selfd_daemon.answering.retrieval.corrective import Retriever
from selfd_models.embedding.embedder import Embedder
from selfd_models.training.embedding import teacher
from selfd_storage import NewMemory, Store

# BM25 with MiniLM, reciprocal ranks, as measured on 2026-11-21; docs/lab/0010 and 0020.
FUSED = {
    "hotpotqa": 0.875,
    "musique": 0.659,
    "2wiki": 0.697,
    "multihoprag": 0.521,
    "cisi": 0.422,
    "cranfield": 0.425,
    "scifact": 0.699,
    "npl": 0.463,
}
FUSED_HELD_OUT = {"hotpotqa": 0.865, "musique": 0.678, "2wiki": 0.675, "multihoprag": 0.531}
BATCH = 1000
TOKENS = 256  # as many as MiniLM was made for


def rows(
    data: Path | None, names: Sequence[str] = SEVERAL + CLASSICAL, minilm: Path | None = None
) -> list[Row]:
    """Measure each collection, and the means over all and over those that need several passages."""
    if data is None:
        return []
    found: list[Row] = []
    figures: dict[str, tuple[float, float, float]] = {}
    for name in names:
        given = collection(data, name)
        words = bm25(given)
        ours, read = asyncio.run(search(given))
        theirs, their_half = FUSED[name], FUSED_HELD_OUT.get(name, 0.0)
        if minilm is not None:
            both = list(map(fused, zip(words, _nearest(given, minilm), strict=True)))
            theirs, their_half = _mean(given, both), _mean(given, both, held_out=True)
        figures[name] = _mean(given, ours), _mean(given, words), theirs
        kind = "share of needed passages@10" if name in SEVERAL else "nDCG@10"
        note = f"{kind}; BM25 {figures[name][1]:.3f}, BM25 + MiniLM {theirs:.3f}"
        found.append(Row(f"{name}, hybrid", figures[name][0], "", figures[name][1], "higher", note))
        if name in SEVERAL:
            note = f"share of needed passages@10; BM25 {figures[name][1]:.3f}; BM25 + MiniLM"
            found.append(Row(f"{name}, ask", _mean(given, read), "", theirs, "higher", note))
            note = f"the half nothing was chosen by; BM25 {_mean(given, words, held_out=True):.3f}"
            half = _mean(given, read, held_out=True)
            found.append(Row(f"{name}, ask, held out", half, "", their_half, "higher", note))
    for what, some in (("all collections", names), ("several passages", SEVERAL)):
        chosen = [figures[name] for name in some if name in figures]
        if len(chosen) > 1:
            ours_, words_, theirs_ = (float(np.mean(each)) for each in zip(*chosen, strict=True))
            note = f"mean; the budget is BM25 + MiniLM, BM25 alone {words_:.3f}"
            found.append(Row(f"{what}, hybrid", ours_, "", theirs_, "higher", note))
    return found


async def search(given: Collection, first: int = 10) -> tuple[list[list[str]], list[list[str]]]:
    """Remember every passage in a store of its own, and rank them for every question.

    Returns what a search finds, and what `ask` reads, in its order; the latter only where several
    passages are needed.
    """
    ids: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
        async with await Store.open(Path(folder), embedders=[Embedder.load()]) as store:
            passages = [pair for pair in given.passages.items() if pair[1]]
            for start in range(0, len(passages), BATCH):
                some = passages[start : start + BATCH]
                news = [NewMemory(text) for _, text in some]
                for memory, (id, _) in zip(await store.memories.add_many(news), some, strict=True):
                    ids.setdefault(memory.id, []).append(id)
            await store.settle()
            retriever = Retriever(store, confidence)
            found, read = [], []
            for each in given.questions:
                hits = await store.search(each.text, first=first)
                found.append([id for hit in hits for id in ids[hit.item.id]])
                if given.name in SEVERAL:
                    gathered = (await retriever.find(read_question(each.text), None)).gathered
                    items = dict.fromkeys(each.hit.item.id for each in gathered.evidence)
                    read.append([id for item in items for id in ids[item]])
            return found, read


def _mean(given: Collection, rankings: Sequence[Sequence[str]], *, held_out: bool = False) -> float:
    scores = [
        given.score(question, ranking)
        for question, ranking in zip(given.questions, rankings, strict=True)
        if not held_out or is_held_out(question.text)
    ]
    return float(np.mean(scores))


def _nearest(given: Collection, folder: Path, depth: int = 100) -> list[list[str]]:
    """Rank by MiniLM's cosines, asking it for what is not yet in `folder`."""
    ids = list(given.passages)
    passages = _vectors(folder / f"{given.name}_d.npy", list(given.passages.values()))
    asked = _vectors(folder / f"{given.name}_q.npy", [each.text for each in given.questions])
    order = np.argsort(-(asked @ passages.T), axis=1, kind="stable")[:, :depth]
    return [[ids[place] for place in row] for row in order]


def _vectors(path: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        teacher.MOST_TOKENS = TOKENS
        np.save(path, teacher.Teacher(threads=1).embed(texts))
    found: NDArray[np.float32] = np.load(path)
    return found


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minilm", type=Path)
    parser.add_argument("--sets", default=",".join(SEVERAL + CLASSICAL))
    chosen = parser.parse_args(arguments)
    print(table(rows(chosen.data, chosen.sets.split(","), chosen.minilm)))


if __name__ == "__main__":
    main(sys.argv[1:])
