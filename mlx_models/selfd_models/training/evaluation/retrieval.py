"""Do texts that belong together still find each other: an inverse cloze task (Lee et al. 2019).

A sentence is taken out of a passage and must find what is left of it among all passages, by the
cosine of two vectors: the embedder's, and the mean of the byte model's own states. The passages
are the fixed old set, which no training shows.
"""

import random
import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from selfd_models.builtin import BuiltinModel

SEED = 7353
PASSAGE = 512  # characters
_SENTENCE = re.compile(r"[^.!?\n]{30,}[.!?\n]")

Vectors = NDArray[np.float32]


class ShowsStates(Protocol):
    """A model that gives the mean of its own states over a text: (D,)."""

    def state(self, text: str, /) -> Vectors: ...


class Cloze(NamedTuple):
    """Sentences, and what is left of the passage of each."""

    sentences: list[str]
    passages: list[str]


def cloze(texts: Sequence[str]) -> Cloze:
    """Take a sentence out of each passage that has two or more."""
    rng = random.Random(SEED)
    made = Cloze([], [])
    for text in texts:
        for at in range(0, len(text) - PASSAGE + 1, PASSAGE):
            passage = text[at : at + PASSAGE]
            found = list(_SENTENCE.finditer(passage))
            if len(found) > 1:
                chosen = rng.choice(found)
                made.sentences.append(chosen.group().strip())
                made.passages.append(passage[: chosen.start()] + passage[chosen.end() :])
    return made


def by_embedder(model: BuiltinModel, task: Cloze) -> list[float]:
    """Give the reciprocal rank of each passage by the vectors that search uses."""
    return _ranks(model.embed(task.sentences), model.embed(task.passages))


def by_states(model: ShowsStates, task: Cloze) -> list[float]:
    """Give the same by the model's own states, less what all texts have in common."""
    sides = [np.stack([model.state(text) for text in side]) for side in task]
    middle = np.concatenate(sides).mean(axis=0)
    sentences, passages = (side - middle for side in sides)
    return _ranks(
        sentences / np.linalg.norm(sentences, axis=1, keepdims=True),
        passages / np.linalg.norm(passages, axis=1, keepdims=True),
    )


def _ranks(sentences: Vectors, passages: Vectors) -> list[float]:
    """Give 1 over the place of each sentence's own passage; a tie counts against it."""
    near = sentences @ passages.T
    places = (near >= np.diagonal(near)[:, None]).sum(axis=1)
    return [1.0 / float(place) for place in places]
