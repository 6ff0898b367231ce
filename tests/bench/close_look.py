"""Fit what a close look counts, to questions whose answers are known.

    python tests/bench/close_look.py                         from the features beside this file
    python tests/bench/close_look.py --data DIR --out FILE   extract them anew, which takes minutes

The questions: StrategyQA, Natural Questions and SQuAD as in fusion.py, and the halves of HotpotQA,
MuSiQue and 2WikiMultihopQA that `is_held_out` leaves to choose by. MultiHop-RAG, whose texts are
for tests alone, is no part of it. The file holds numbers alone: the features of the documents that
a close look looked at. Which these are depends on the weights in use: fit new ones twice. The model
is that of fusion.py; its weights are CLOSE in ranking/weights.py.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.fusion import AT, Choice, Passage, fit, passages_and_questions
from bench.retrieval_sets import collection, is_held_out
from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store
from selfd_storage.ranking.fusion import Query, View
from selfd_storage.ranking.weights import CLOSE

SAMPLE = Path(__file__).parent / "samples" / "close_look.npz"
HALVES = ("hotpotqa", "musique", "2wiki")
EVERY = {"strategyqa": 4, "nq": 8, "squad": 16}  # question of a set is taken
SETS = (*EVERY, *HALVES)

Asked = tuple[str, frozenset[str]]


def fitted(sample: Path = SAMPLE) -> dict[str, float]:
    """Return the weights, by the names in CLOSE."""
    with np.load(sample) as stored:
        weights = fit([list(_choices(stored, name)) for name in SETS])
    return dict(zip(CLOSE, weights.tolist(), strict=True))


def _choices(stored: Mapping[str, NDArray[np.float16]], name: str) -> Iterator[Choice]:
    features, right = stored[f"{name}_features"].astype(np.float64), stored[f"{name}_right"] > 0
    counts = stored[f"{name}_counts"].astype(np.int64)
    for end, count in zip(np.cumsum(counts), counts, strict=True):
        yield Choice(features[end - count : end], right[end - count : end])


def extract(data: Path, out: Path) -> None:
    """Look closely for the questions of every set, and keep what is seen."""
    found: dict[str, NDArray[np.generic]] = {}
    for name in SETS:
        print(name, "...", file=sys.stderr, flush=True)
        for key, array in asyncio.run(_ask(*_read(data, name))).items():
            found[f"{name}_{key}"] = array
    np.savez_compressed(out, **found)  # type: ignore[arg-type]  # its other argument is a flag


def _read(data: Path, name: str) -> tuple[Sequence[Passage], Sequence[Asked]]:
    if name in EVERY:
        passages, questions = passages_and_questions(data, name)
        return passages, questions[:: EVERY[name]]
    given = collection(data, name)
    asked = [
        (each.text, frozenset().union(*each.needed))
        for each in given.questions
        if not is_held_out(each.text)
    ]
    return [Passage(id, text) for id, text in given.passages.items() if text], asked


async def _ask(
    passages: Sequence[Passage], questions: Sequence[Asked]
) -> dict[str, NDArray[np.generic]]:
    kept = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
        async with await Store.open(Path(folder), embedders=[Embedder.load()]) as store:
            ids: dict[int, set[str]] = defaultdict(set)
            for start in range(0, len(passages), 1000):
                some = passages[start : start + 1000]
                news = [NewMemory(each.text, at=AT) for each in some]
                for memory, passage in zip(await store.memories.add_many(news), some, strict=True):
                    ids[int(memory.id.partition(":")[2])].add(passage.id)
            await store.settle()
            for text, answers in questions:
                items, features = await _seen(store, text)
                right = np.array([not answers.isdisjoint(ids[item]) for item in items])
                if right.any() and not right.all():
                    kept["features"].append(features.astype(np.float16))
                    kept["right"].append(right.astype(np.int8))
                    kept["counts"].append(np.array([len(items)], np.int16))
    return {key: np.concatenate(arrays) for key, arrays in kept.items()}


async def _seen(store: Store, text: str) -> tuple[list[int], NDArray[np.float64]]:
    """Return the items that a close look looked at, and the features of each (N, F)."""
    index = store._words
    assert index is not None
    view = View(index._follower.columns, index._follower.chains)
    _, seen = await index._retrieval.look_closely(
        view, index._codes.layers, text, Query.read(text, AT), first=10
    )
    if seen is None:
        return [], np.zeros((0, len(CLOSE)))
    items = view.columns["item"][seen.docs].tolist()
    return items, np.stack([seen.features[name] for name in CLOSE], axis=1)


def main(arguments: Sequence[str]) -> None:
    """Extract if asked to, fit, and print the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=SAMPLE)
    chosen = parser.parse_args(arguments)
    if chosen.data is not None:
        extract(chosen.data, chosen.out)
    print(", ".join(f"{what}={weight:.2f}" for what, weight in fitted(chosen.out).items()))


if __name__ == "__main__":
    main(sys.argv[1:])
