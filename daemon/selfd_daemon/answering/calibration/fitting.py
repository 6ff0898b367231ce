"""Fit the confidence model: `python -m selfd_daemon.answering.calibration.fitting FILE ...`.

Reads passages (`id, title, text`) and questions on them (`passage, question, answer`), JSON lines
as they are or zstd-compressed; SQuAD has that form. A line may be both at once, with `answers`;
the Natural Questions have that form, and share fewer words with what answers them. Everything is
asked twice, and each time a quarter or a third of the questions has no answer in what is stored:

read   the passages are documents; every fourth one is not stored.
told   the passages are dialogues: two people say their sentences in turn. Every sixth one is not
       stored. Most questions name who said the answer; every fifth names the other one.

An answer is right when one of its quotes holds the annotated words. The weights are fitted on the
questions of one half of the passages, the figures are of the other half.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import zstandard
from numpy.typing import NDArray

from selfd_daemon.answering.calibration.measuring import calibration_error
from selfd_daemon.answering.composing import chosen
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.retrieval.corrective import RETRIEVED
from selfd_daemon.answering.retrieval.evidence import FEATURES, gather
from selfd_daemon.answering.retrieval.sentences import sentences
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_storage import NewChunk, NewDocument, NewMemory, Store

SEED = 1
RIDGE = 1.0
STEPS = 30
MOST_QUESTIONS = 4000
LEFT_OUT = {"read": 4, "told": 6}  # one passage in so many
NAMED, SWAPPED = 0.56, 0.20  # of the questions to stored dialogues: who said it, who did not
NAMES = (
    *("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ivy", "Jack"),
    *("Karen", "Leo", "Maria", "Noah", "Olivia", "Peter", "Rosa", "Sam", "Tina", "Victor"),
)
AT = datetime(2024, 1, 1, tzinfo=UTC)

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is put; `answers` is empty where nothing stored answers it."""

    text: str
    passage: str
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One answered question: its features, and whether a quote holds the answer."""

    features: Sequence[float]
    is_right: bool
    is_held_out: bool


def fit(features: Numbers, right: Numbers) -> Numbers:
    """Return the weights of a logistic regression, the bias last, by Newton's method.

    Args: features: (N, F). right: (N,), 0 or 1.   Returns: (F + 1,).
    """
    x = np.column_stack([features, np.ones(len(features))])  # (N, F + 1)
    weights = np.zeros(x.shape[1])
    ridge = np.diag([RIDGE] * features.shape[1] + [0.0])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + ridge + 1e-9 * np.eye(x.shape[1])
        weights += np.linalg.solve(curvature, x.T @ (right - p) - ridge @ weights)
    return weights


async def read(store: Store, passages: Sequence[Any], questions: Sequence[Any]) -> list[Asked]:
    """Store passages as documents, and return the questions as they are."""
    for passage in passages:
        text = passage["text"]
        await store.documents.put(
            NewDocument(
                str(passage["id"]), "text/plain", len(text), b"", AT, [NewChunk(text, 1, 1)]
            )
        )
    stored = {str(passage["id"]) for passage in passages}
    return [
        Asked(each["question"], id, _answers(each) if id in stored else ())
        for each in questions
        for id in [_passage(each)]
    ]


async def told(store: Store, passages: Sequence[Any], questions: Sequence[Any]) -> list[Asked]:
    """Store passages as dialogues, and put the questions to those who talk there."""
    rng = random.Random(SEED)
    dialogues: dict[str, list[tuple[str, str]]] = {}
    for day, passage in enumerate(passages):
        pair = rng.sample(NAMES, 2)
        turns = [(pair[n % 2], each.text) for n, each in enumerate(sentences(passage["text"]))]
        dialogues[str(passage["id"])] = turns
        at, source = AT + timedelta(days=day), f"dialogue {day}"
        await store.memories.add_many(
            [NewMemory(f"{who}: {said}", source=source, at=at) for who, said in turns]
        )
    return [_put(each, dialogues.get(_passage(each), []), rng) for each in questions]


def _put(
    question: Mapping[str, Any], turns: Sequence[tuple[str, str]], rng: random.Random
) -> Asked:
    """Put a question to one of the speakers, or to nobody by name."""
    answers, chance = _answers(question), rng.random()
    who = next((who for who, said in turns if any(each in said for each in answers)), None)
    others = sorted({name for name, _ in turns} - {who})
    name = who
    if who is None:
        name = rng.choice(NAMES) if chance < NAMED + SWAPPED else None
    elif chance < SWAPPED and others:
        name = others[0]
    elif chance >= NAMED + SWAPPED:
        name = None
    is_answered = who is not None and name in (who, None)
    text = question["question"].rstrip("? ") + (f", {name}?" if name else "?")
    return Asked(text, _passage(question), answers if is_answered else ())


def _passage(question: Mapping[str, Any]) -> str:
    return str(question["passage"] if "passage" in question else question["id"])


def _answers(question: Mapping[str, Any]) -> tuple[str, ...]:
    found = question["answers"] if "answers" in question else [question["answer"]]
    return tuple(map(str, found))


async def collect(store: Store, asked: Sequence[Asked]) -> list[Sample]:
    """Answer every question."""
    samples = []
    for each in asked:
        question = read_question(each.text)
        hits = await store.search(question.text, first=RETRIEVED, closely=True)
        gathered = gather(question, hits)
        if gathered.evidence:
            quotes = [quoted.sentence.text for quoted in chosen(gathered.evidence)]
            is_right = any(answer in quote for answer in each.answers for quote in quotes)
            features = [gathered.features[name] for name in FEATURES]
            samples.append(Sample(features, is_right, sum(each.passage.encode()) % 2 == 1))
    return samples


def report(name: str, samples: Sequence[Sample]) -> str:
    """Fit on one half, and tell the weights and how well they hold on the other."""
    x = np.array([sample.features for sample in samples])
    y = np.array([sample.is_right for sample in samples], dtype=float)
    held_out = np.array([sample.is_held_out for sample in samples])
    weights = fit(x[~held_out], y[~held_out])
    p = 1 / (1 + np.exp(-np.column_stack([x, np.ones(len(x))]) @ weights))[held_out]
    right = y[held_out]
    answered = p >= 0.5
    lines = [f"{name}:"]
    lines += [f"  {n:10s} {w:+.4f}" for n, w in zip((*FEATURES, "bias"), weights, strict=True)]
    lines.append(
        f"  held out {len(p)}, right {right.mean():.3f}, calibration error "
        f"{calibration_error(p, right):.4f}, answered {answered.mean():.3f}, "
        f"right of those {right[answered].mean():.3f}"
    )
    return "\n".join(lines) + "\n"


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for line in io.TextIOWrapper(raw, encoding="utf-8"):
            yield orjson.loads(line)


async def run(files: Sequence[Path]) -> None:
    """Print the weights for what was read and for what was told."""
    lines = [each for file in files for each in _lines(file)]
    passages = [each for each in lines if "text" in each]
    asked = [each for each in lines if "question" in each]
    chosen_ones = random.Random(SEED).sample(asked, min(MOST_QUESTIONS, len(asked)))
    for name, prepare in (("read", read), ("told", told)):
        stored = [each for number, each in enumerate(passages) if number % LEFT_OUT[name]]
        with tempfile.TemporaryDirectory() as folder:
            async with await Store.open(Path(folder), embedders=shipped_embedders()) as store:
                samples = await collect(store, await prepare(store, stored, chosen_ones))
        sys.stdout.write(report(name, samples))
        sys.stdout.flush()


def main(arguments: Sequence[str]) -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="calibration", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    asyncio.run(run(parser.parse_args(arguments).files))


if __name__ == "__main__":
    main(sys.argv[1:])
