"""A fine-tune of a checkpoint: its weights in, a candidate file out, resumable at every step.

folder/corpus-text/  train_KIND.jsonl files     folder/state-*.safetensors  the run
folder/corpus/       the same as bytes          folder/candidate.safetensors  what came of it
"""

import hashlib
import math
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selfd_models import checkpoint as checkpoints
from selfd_models.ops import backend
from selfd_models.training import state as states
from selfd_models.training.data.corpus import Recipe
from selfd_models.training.data.preparation import make_ready
from selfd_models.training.optimisation.optimiser import Rates
from selfd_models.training.state import TrainingState
from selfd_models.training.trainer import Options, Progress, Trainer

TEXT = "corpus-text"
CANDIDATE = "candidate.safetensors"


@dataclass(frozen=True)
class Tune:
    """What one fine-tune is asked to do.

    shares: how much each kind of text in `folder/corpus-text` weighs. heat: on the rates of a
    training from nothing (docs/lab/0014). save_seconds: between checkpoints.
    """

    base: Path
    folder: Path
    shares: Mapping[str, float]
    backend: backend
    steps: int = 40
    texts: int = 4
    rows: int = 1024
    heat: float = 0.2
    seed: int = 7353
    save_seconds: float = 180.0


def tune(
    order: Tune, *, report: Callable[[Progress], None], stopping: Callable[[], bool]
) -> Path | None:
    """Fine-tune until done.   Returns: the candidate; None if `stopping()` came first.

    Raises: ModelError: the base or the text cannot be used, or this machine cannot train.
    """
    candidate = order.folder / CANDIDATE
    if candidate.exists():
        return candidate
    base = checkpoints.load(order.base)
    options = _options(order, base)
    if not states.checkpoints(order.folder):
        _begin(order, base, options)
    state = Trainer(options, report, stopping).run()
    if state.step < order.steps:
        return None
    average = {name: np.asarray(value) for name, value in state.moments["average"].items()}
    provenance = {
        **base.provenance,
        "parent": base.fingerprint,
        "tuned_steps": int(base.provenance.get("tuned_steps", 0)) + state.step,
        "tuned_bytes": int(base.provenance.get("tuned_bytes", 0)) + state.bytes,
    }
    checkpoints.save(candidate, average, base.patcher, base.config, provenance)
    return candidate


def clear(folder: Path) -> None:
    """Remove what a finished run no longer needs: its states and its text."""
    for path in (*folder.glob("state-*"), *folder.glob("*.partial")):
        path.unlink()
    for name in (TEXT, "corpus"):
        shutil.rmtree(folder / name, ignore_errors=True)


def hash_of(folder: Path) -> str:
    """Give the SHA-256 over the names and bytes of a folder's files, in their order."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(folder)} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def _options(order: Tune, base: checkpoints.Checkpoint) -> Options:
    rates, hot = Rates(), order.heat
    return Options(
        config=base.config,
        corpus=order.folder / TEXT,
        state=order.folder,
        recipe=Recipe(weights=dict(order.shares), held_out="nothing"),
        backend=order.backend,
        seed=order.seed,
        texts=order.texts,
        rows=order.rows,
        rates=Rates(
            matrix=rates.matrix * hot,
            table=rates.table * hot,
            vector=rates.vector * hot,
            router=rates.router * hot,
            balance=rates.balance * hot,
        ),
        second_pass_from=2**62,  # as the shipped weights were trained: the second pass adds nothing
        save_seconds=order.save_seconds,
        evaluate_seconds=math.inf,
        report_steps=1,
        steps=order.steps,
        tune=True,
        resume=True,
    )


def _begin(order: Tune, base: checkpoints.Checkpoint, options: Options) -> None:
    """Write step 0: the parent's weights, and moments at rest."""
    states.save_patcher(order.folder, base.patcher)
    make_ready(options.corpus, options.state, options.recipe, options.seed, lambda line: None)
    weights = dict(base.parameters)
    still = {name: np.zeros_like(value) for name, value in weights.items()}
    moments = {"first": still, "second": still, "average": weights}
    states.save(order.folder, TrainingState(weights, moments), base.config)
