"""Teach a table of hashed features to embed as the teacher does.

Letters: B texts in a batch, R rows, D dimensions, F features, W different words.

The student is what `embedding.embedder` runs, and a projection (D, D) behind the sum, which is
multiplied into the table at the end. It sees part of its texts with typing errors, against the
teacher's vector of the clean text.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from selfd_models.embedding.embedder import MOST_OPEN, Embedder, table_rows
from selfd_models.embedding.features import features, normalise
from selfd_models.training.embedding.corpus import Corpus, with_typos

Floats = NDArray[np.float32]
Report = Callable[[str], None]

WARM_UP = 50  # steps
LAST_RATE = 0.02  # of the first
DEV_TEXTS = 2000


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a person chooses; docs/lab/0001 says what was tried."""

    rows: int = 20_000
    dimensions: int = 256
    steps: int = 8000
    batch: int = 1024
    rate: float = 0.006
    temperature: float = 0.05
    ranking_weight: float = 0.3
    typo_share: float = 0.35  # of the texts
    most_typos: float = 0.15  # of a text's characters
    pairs: int = 0
    pair_weight: float = 0.1
    seed: int = 20260101


class Student:
    """The table (R, D), the gates (R, 1) and the projection (D, D) that are being learned."""

    def __init__(self, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        shape = recipe.rows, recipe.dimensions
        self.table = (torch.randn(shape) * 0.1).requires_grad_()
        self.gates = torch.zeros(recipe.rows, 1, requires_grad=True)
        self.projection = torch.eye(recipe.dimensions, requires_grad=True)

    def embed(self, texts: list[str]) -> torch.Tensor:
        """Embed as `Embedder` does, (B, D) unit rows through which gradients flow."""
        found = features([normalise(text) for text in texts])
        rows = torch.from_numpy(table_rows(found.hashes, len(self.table))).reshape(-1)  # (2F,)
        counts = torch.from_numpy(found.features_per_word)  # (W,)
        starts = (counts.cumsum(0) - counts) * 2
        root = counts.sqrt()[:, None]
        openness = functional.embedding_bag(rows, self.gates, starts, mode="sum") / root
        gate = openness.clamp(-MOST_OPEN, MOST_OPEN).exp() / root  # (W, 1)
        words = functional.embedding_bag(rows, self.table, starts, mode="sum") * gate  # (W, D)
        lengths = torch.from_numpy(found.words_per_text)
        sums = functional.embedding_bag(
            torch.from_numpy(found.words), words, lengths.cumsum(0) - lengths, mode="sum"
        )  # (B, D)
        return functional.normalize(sums @ self.projection, dim=1)

    def frozen(self) -> tuple[Floats, Floats]:
        """Return the table with the projection multiplied in (R, D), and the gates (R,)."""
        with torch.no_grad():
            return (self.table @ self.projection).numpy(), self.gates[:, 0].numpy().copy()


def principal_axes(vectors: Floats, dimensions: int) -> Floats:
    """Return the axes (384, D) along which the teacher's vectors differ most, the widest first."""
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    return np.ascontiguousarray(axes[:, ::-1][:, :dimensions])


def ranking_loss(student: torch.Tensor, teacher: torch.Tensor, temperature: float) -> torch.Tensor:
    """Kullback-Leibler divergence between the rows of similarities to the others of the batch."""
    itself = torch.eye(len(student), dtype=torch.bool)
    mine = (student @ student.T / temperature).masked_fill(itself, -1e9)  # (B, B)
    wanted = (teacher @ teacher.T / temperature).masked_fill(itself, -1e9)
    return functional.kl_div(
        mine.log_softmax(1), wanted.log_softmax(1), reduction="batchmean", log_target=True
    )


def pair_loss(student: Student, pairs: list[tuple[str, str]], temperature: float) -> torch.Tensor:
    """Cross-entropy of finding each question's passage among those of the others."""
    questions, passages = zip(*pairs, strict=True)
    scores = student.embed(list(questions)) @ student.embed(list(passages)).T / temperature
    return functional.cross_entropy(scores, torch.arange(len(pairs)))


def _batches(count: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield whole batches of places, reshuffled after each pass."""
    while True:
        order = rng.permutation(count)
        for start in range(0, count - size + 1, size):
            yield order[start : start + size]


def _rate(step: int, recipe: Recipe) -> float:
    """Rise over WARM_UP steps, then fall along a half cosine to LAST_RATE."""
    fall = 0.5 * (1 + np.cos(np.pi * step / recipe.steps))
    return float(recipe.rate * min(1, (step + 1) / WARM_UP) * (LAST_RATE + (1 - LAST_RATE) * fall))


def teach(corpus: Corpus, vectors: Floats, recipe: Recipe, report: Report) -> Student:
    """Train a student on `corpus`, whose texts the teacher sees as `vectors` (n, 384)."""
    rng = random.Random(recipe.seed)
    student = Student(recipe)
    axes = principal_axes(vectors, recipe.dimensions)
    seen = len(vectors) - DEV_TEXTS
    places = _batches(seen, recipe.batch, np.random.default_rng(recipe.seed))
    optimiser = torch.optim.Adam(
        [{"params": [student.table, student.gates]}, {"params": [student.projection]}],
        betas=(0.9, 0.99),
    )
    started = time.monotonic()
    for step in range(recipe.steps):
        for group, share in zip(optimiser.param_groups, (1.0, 0.25), strict=True):
            group["lr"] = _rate(step, recipe) * share
        chosen = next(places)
        texts = [_perhaps_mistyped(corpus.texts[i], recipe, rng) for i in chosen]
        wanted = torch.from_numpy(vectors[chosen])  # (B, 384)
        target = functional.normalize(wanted @ torch.from_numpy(axes), dim=1)  # (B, D)
        mine = student.embed(texts)
        turned = (1 - (mine * target).sum(1)).mean()
        ranked = ranking_loss(mine, wanted, recipe.temperature)
        loss = turned + recipe.ranking_weight * ranked
        if recipe.pairs:
            sample = rng.sample(corpus.pairs, recipe.pairs)
            loss = loss + recipe.pair_weight * pair_loss(student, sample, recipe.temperature)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 99:
            report(
                f"step {step + 1}/{recipe.steps}: cosine loss {turned.item():.4f}, "
                f"ranking loss {ranked.item():.4f}, {time.monotonic() - started:.0f} s"
            )
    return student


def _perhaps_mistyped(text: str, recipe: Recipe, rng: random.Random) -> str:
    if rng.random() >= recipe.typo_share:
        return text
    return with_typos(text, rng.uniform(0.02, recipe.most_typos), rng)


def agreement(embedder: Embedder, corpus: Corpus, vectors: Floats) -> float:
    """Correlate the student's similarities of the unseen texts with the teacher's."""
    mine = embedder.embed(corpus.texts[-DEV_TEXTS:])
    theirs = vectors[-DEV_TEXTS:]
    upper = np.triu_indices(DEV_TEXTS, 1)
    return float(np.corrcoef((mine @ mine.T)[upper], (theirs @ theirs.T)[upper])[0, 1])
