"""Fit what words, meaning and names count in a search, to questions whose answers are known.

    python tests/bench/fusion.py                         from the features that lie beside this file
    python tests/bench/fusion.py --data DIR --out FILE   extract them anew, which takes minutes

The questions: SQuAD and Natural Questions about paragraphs, StrategyQA about facts, of which it
needs several, and SQuAD again about single sentences, each a turn among those of its paragraph. No
collection that selfd is measured on is among them. The file holds numbers alone. The model is a
conditional logit (McFadden 1974): the chance that a document is the one looked for, among all that
were found for its question; its weights, divided by that of words, are ranking/weights.py.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.locomo import read
from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store
from selfd_storage.ranking.fusion import Query, View
from selfd_storage.ranking.weights import FULL

SAMPLE = Path(__file__).parent / "samples" / "fusion.npz"
SETS = ("strategyqa", "nq", "squad", "sentences")
AMONG = "sentences"  # whose passages stand among others
OPINIONS = ("lexical", "dense", "about", "mentions")
EVERY = {"strategyqa": 1, "nq": 2, "squad": 4, "sentences": 2}  # question of a set is taken
PARAGRAPHS, QUESTIONS = 12, 6  # of an article, and of a paragraph, whose sentences are asked for
CANDIDATES = 100  # of each question, the best by words and by meaning
RIDGE = 1e-3
AT = datetime(2024, 1, 1, tzinfo=UTC)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Passage:
    """A text to be found; `source` where it stands among others."""

    id: str
    text: str
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found for one question: features (N, F), and which of them answers it, (N,)."""

    features: Floats
    right: NDArray[np.bool_]


def fit(sets: Sequence[Sequence[Choice]], steps: int = 60) -> Floats:
    """Return the weights (F,) by Newton's method, each set counting the same."""
    width = sets[0][0].features.shape[1]
    weights = np.zeros(width)
    for _ in range(steps):
        slope, curve = -RIDGE * weights, RIDGE * np.eye(width)
        for share, choice in ((1 / len(choices), each) for choices in sets for each in choices):
            chances = np.exp((scores := choice.features @ weights) - scores.max())
            chances /= chances.sum()
            mean = chances @ choice.features
            slope += share * (choice.features[choice.right].mean(axis=0) - mean)
            spread = (choice.features * chances[:, None]).T @ choice.features
            curve += share * (spread - np.outer(mean, mean))
        step = np.linalg.solve(curve, slope)
        length = float(np.linalg.norm(step))
        weights += step * min(1.0, 4 / length)  # far from the goal it leaps too far
        if np.abs(step).max() < 1e-6:
            break
    return weights


def fitted(sample: Path = SAMPLE) -> dict[str, dict[str, float]]:
    """Return the rows of weights, those of words being 1."""
    with np.load(sample) as stored:
        choices = {name: list(_choices(stored, name)) for name in SETS}
    alone = [choices[name] for name in SETS if name != AMONG]
    among = [[Choice(each.features[:, [0, 1, 3, 4]], each.right) for each in choices[AMONG]]]
    rows = {}
    for what, names, some in (
        ("ALONE", ("lexical", "dense", "named", "about", "mentions"), alone),
        ("AMONG", ("lexical", "dense", "about", "mentions"), among),
    ):
        weights = fit(some)
        rows[what] = dict(zip(names, (weights / weights[0]).tolist(), strict=True))
    return rows


def _choices(stored: Mapping[str, NDArray[np.float16]], name: str) -> Iterator[Choice]:
    """Yield the questions of a set: lexical, dense, dense * named, about and mentions scaled."""
    opinions, right = stored[f"{name}_opinions"].astype(np.float64), stored[f"{name}_right"] > 0
    ends = np.cumsum(stored[f"{name}_counts"].astype(np.int64))
    for end, count, named, terms in zip(
        ends,
        stored[f"{name}_counts"].astype(np.int64),
        stored[f"{name}_named"].astype(np.float64),
        stored[f"{name}_terms"].astype(np.float64),
        strict=True,
    ):
        lexical, dense, about, mentions = opinions[end - count : end].T
        step = min(1.0, FULL / max(1.0, terms)) ** 2
        features = [lexical, dense, dense * named, about * step, mentions * step]
        yield Choice(np.stack(features, axis=1), right[end - count : end])


def extract(data: Path, out: Path) -> None:
    """Search for the questions of every set, and keep what each retriever says."""
    found: dict[str, NDArray[np.generic]] = {}
    for name in SETS:
        print(name, "...", file=sys.stderr, flush=True)
        passages, questions = passages_and_questions(data, name)
        for key, array in asyncio.run(_ask(passages, questions[:: EVERY[name]])).items():
            found[f"{name}_{key}"] = array
    np.savez_compressed(out, **found)  # type: ignore[arg-type]  # its other argument is a flag


async def _ask(
    passages: Sequence[Passage], questions: Sequence[tuple[str, frozenset[str]]]
) -> dict[str, NDArray[np.generic]]:
    kept = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
        async with await Store.open(Path(folder), embedders=[Embedder.load()]) as store:
            news = [NewMemory(each.text, source=each.source, at=AT) for each in passages]
            ids: dict[int, set[str]] = defaultdict(set)
            for start in range(0, len(news), 1000):
                for memory, passage in zip(
                    await store.memories.add_many(news[start : start + 1000]),
                    passages[start : start + 1000],
                    strict=True,
                ):
                    ids[int(memory.id.partition(":")[2])].add(passage.id)
            await store.settle()
            for text, answers in questions:
                asked = Query.read(text, AT)
                docs, opinions = await _opinions(store, text, asked)
                right = np.array([not answers.isdisjoint(ids[doc]) for doc in docs])
                if right.any() and not right.all():
                    kept["opinions"].append(opinions.astype(np.float16))
                    kept["right"].append(right.astype(np.int8))
                    kept["counts"].append(np.array([len(docs)], np.int16))
                    kept["named"].append(np.array([asked.named], np.float16))
                    kept["terms"].append(np.array([len(asked.terms)], np.int16))
    return {key: np.concatenate(arrays) for key, arrays in kept.items()}


async def _opinions(store: Store, text: str, asked: Query) -> tuple[list[int], Floats]:
    """Return the items of the best documents, and what each retriever says of them (N, 4)."""
    index = store._words
    assert index is not None
    columns = index._follower.columns
    view = View(columns, index._follower.chains)
    found = await index._retrieval.opinions(view, index._codes.layers, text, asked)
    docs = np.unique(np.concatenate([each.docs for each in found.values()]))
    opinions = np.zeros((len(docs), len(OPINIONS)))
    for place, name in enumerate(OPINIONS):
        if name in found:
            opinions[np.searchsorted(docs, found[name].docs), place] = found[name].scores
    best: NDArray[np.bool_] = np.any(opinions[:, 2:], axis=1)
    for place in (0, 1):
        best[np.argsort(-opinions[:, place], kind="stable")[:CANDIDATES]] = True
    return columns["item"][docs[best]].tolist(), opinions[best]


def passages_and_questions(
    data: Path, name: str
) -> tuple[list[Passage], list[tuple[str, frozenset[str]]]]:
    """Read what one of SETS is asked about, and its questions with what answers each."""
    if name == "strategyqa":
        asked = list(read(data / "multihop/strategyqa.jsonl.zst"))
        facts = dict.fromkeys(fact for each in asked for fact in each["facts"])
        return (
            [Passage(fact, fact) for fact in facts],
            [(each["question"], frozenset(each["facts"])) for each in asked],
        )
    if name == "nq":
        asked = list(read(data / "pairs/nq_open_oracle.jsonl.zst"))
        return (
            [Passage(each["id"], f"{each['title']}\n{each['text']}") for each in asked],
            [(each["question"], frozenset([each["id"]])) for each in asked],
        )
    paragraphs = list(read(data / "pairs/squad_passages.jsonl.zst"))
    asked = list(read(data / "pairs/squad_questions.jsonl.zst"))
    if name == "squad":
        return (
            [Passage(each["id"], each["text"]) for each in paragraphs],
            [(each["question"], frozenset([each["passage"]])) for each in asked],
        )
    return _read_sentences(paragraphs, asked)


def _read_sentences(
    paragraphs: Sequence[Mapping[str, str]], asked: Sequence[Mapping[str, str]]
) -> tuple[list[Passage], list[tuple[str, frozenset[str]]]]:
    by_title, by_paragraph = defaultdict(list), defaultdict(list)
    for paragraph in paragraphs:
        by_title[paragraph["title"]].append(paragraph)
    for question in asked:
        by_paragraph[question["passage"]].append(question)
    passages, questions = [], []
    for paragraph in (each for some in by_title.values() for each in some[:PARAGRAPHS]):
        id = paragraph["id"]
        sentences = [Passage(f"{id}#{t}", t, id) for t in _SENTENCE.split(paragraph["text"])]
        passages += sentences
        for question in by_paragraph[id][:QUESTIONS]:
            holding = frozenset(each.id for each in sentences if question["answer"] in each.text)
            if 1 <= len(holding) <= 2:
                questions.append((question["question"], holding))
    return passages, questions


def main(arguments: Sequence[str]) -> None:
    """Extract if asked to, fit, and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=SAMPLE)
    chosen = parser.parse_args(arguments)
    if chosen.data is not None:
        extract(chosen.data, chosen.out)
    for name, row in fitted(chosen.out).items():
        print(name, ", ".join(f"{what}={weight:.2f}" for what, weight in row.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
