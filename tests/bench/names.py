"""Measure how the built-in model tells names from words where both begin a sentence.

    python -m bench names

The label of a word is how it is mostly spelled inside sentences of the same texts (SQuAD's passages
and LoCoMo's turns): nobody labelled anything. The threshold was chosen on the first 400 words of a
random order, the others are measured; a text's names are those of its words that only begin
sentences there, which the rules leave alone.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.locomo import read
from bench.row import Row
from selfd_daemon.facts.casing import LEAST_BITS, Casing
from selfd_daemon.facts.names import doubtful
from selfd_daemon.facts.vocabulary import NO_NAMES
from selfd_models.builtin import BuiltinModel

CHOSEN_ON = 400
LEAST_SEEN, LEAST_AGREED = 3, 0.9  # inside sentences, before a word has a label
SEED = 3
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")


def rows(data: Path | None) -> list[Row]:
    """Return what is right of what the model takes for names, and how many of them it finds."""
    if data is None:
        return []
    texts = [each["text"] for each in read(data / "pairs" / "squad_passages.jsonl.zst")]
    texts += [
        turn["text"]
        for each in read(data / "memory" / "locomo_conversations.jsonl.zst")
        for session in each["sessions"]
        for turn in session["turns"]
    ]
    labels = labelled(texts)
    words = list(labels)
    begun = time.perf_counter()
    saved = asyncio.run(_saved(words))
    seconds = (time.perf_counter() - begun) / len(words)
    is_name = np.array([labels[word] for word in words])
    found = []
    for what, part in (
        ("chosen on", slice(CHOSEN_ON)),
        ("held out", slice(CHOSEN_ON, None)),
    ):
        taken, right = saved[part] >= LEAST_BITS, is_name[part]
        note = f"{len(right)} words, {right.sum()} of them names"
        budget = 0.95 if what == "held out" else None
        precision = float(right[taken].mean())
        found.append(Row(f"names that are right, {what}", precision, "", budget, "higher", note))
        recall = float(taken[right].mean())
        found.append(Row(f"names that are found, {what}", recall, "", None, "higher"))
    held = dict(zip(words[CHOSEN_ON:], saved[CHOSEN_ON:] >= LEAST_BITS, strict=True))
    asked = [word for text in texts for word in doubtful(text) if word in held]
    names = sum(labels[word] for word in asked)
    taken_names = sum(labels[word] and bool(held[word]) for word in asked)
    taken_all = sum(bool(held[word]) for word in asked)
    note = f"{names} that the rules leave alone, {taken_all} taken, {taken_names} of them right"
    return [
        *found,
        Row(
            "names of texts found by the model alone", taken_names / names, "", None, "higher", note
        ),
        Row("time to tell of a word", seconds * 1000, "ms", None, "lower", "six short texts"),
    ]


def labelled(texts: Sequence[str]) -> dict[str, bool]:
    """Return the words that begin sentences and whether they are names, in a random order."""
    capital: Counter[str] = Counter()
    small: Counter[str] = Counter()
    first: dict[str, None] = {}
    for text in texts:
        for sentence in _SENTENCE.split(text):
            for place, word in enumerate(_WORD.findall(sentence)):
                if place:
                    (capital if word[0].isupper() else small)[word.lower()] += 1
                elif word[0].isupper() and word[1:].islower():
                    first.setdefault(word)
    found = {}
    for word in first:
        up, down = capital[word.lower()], small[word.lower()]
        if up + down >= LEAST_SEEN and max(up, down) >= LEAST_AGREED * (up + down):
            found[word] = up > down
    order = list(found)
    random.Random(SEED).shuffle(order)
    return {word: found[word] for word in order if word.lower() not in NO_NAMES}


async def _saved(words: Sequence[str]) -> NDArray[np.float64]:
    model = BuiltinModel.load()

    async def surprise(text: str) -> float:
        return model.score(text).bits_per_byte

    casing = Casing(surprise)
    return np.array([await casing.saved(word) for word in words])
