"""The training loop: windows in, steps taken, checkpoints and figures out.

Letters: B texts in a step, T rows, M drafted rows, K draft slots.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from selfd_models.config import Config
from selfd_models.errors import ConfigError, ResumeError
from selfd_models.layout import Layout, lay_out
from selfd_models.ops import ArrayOps, backend, load_ops
from selfd_models.parameters import initialise
from selfd_models.patcher import Patcher
from selfd_models.training import state as states
from selfd_models.training.data.corpus import Corpus, Recipe
from selfd_models.training.evaluation.held_out import HeldOut, bits_per_byte
from selfd_models.training.optimisation.objective import Batch, Weights
from selfd_models.training.optimisation.optimiser import Rates, start
from selfd_models.training.optimisation.schedule import Cooling, heat
from selfd_models.training.optimisation.step import training_step
from selfd_models.training.state import TrainingState

COOL_AVERAGE = 0.98  # a cooling branch ends where it ends; averaging over more lags behind
DRAFT_EVERY = 16  # rows per row that the draft head learns from


@dataclass(frozen=True)
class Options:
    """What one run is asked to do; `resume` takes the state folder's newest checkpoint."""

    config: Config
    corpus: Path
    state: Path
    recipe: Recipe = field(default_factory=Recipe)
    backend: backend = "jax"
    seed: int = 7353
    texts: int = 8
    rows: int = 2048
    rates: Rates = field(default_factory=Rates)
    weights: Weights = field(default_factory=Weights)
    second_pass_from: int = 24_000_000  # bytes seen before the core is applied twice
    save_seconds: float = 240.0
    evaluate_seconds: float = 1200.0
    report_steps: int = 20
    held_out_each: int = 3
    steps: int | None = None  # stop at this step
    cool: int | None = None  # cool down over this many steps with 4-bit weights, then stop
    tune: bool = False  # cool down with 4-bit weights from the first of `steps` to the last
    resume: bool = False


@dataclass(frozen=True)
class Progress:
    """What the run reports every few steps."""

    step: int
    bytes: int
    seconds: float
    task: float  # bits per byte of this step
    bits: float  # the same, running mean over about 50 steps
    speed: float  # bytes a second
    fired: float
    worst_load: float  # MaxVio: the busiest expert's load over the mean, less one
    draft_bits: float
    held_out: dict[str, float] | None = None


Report = Callable[[Progress], None]


class Trainer:
    """One run, from the first or from a saved step to the last."""

    def __init__(self, options: Options, report: Report, stopping: Callable[[], bool]) -> None:
        self._options = options
        self._report = report
        self._stopping = stopping
        self._ops: ArrayOps = load_ops(options.backend)
        self._rank, self._workers = self._ops.workers()
        if options.texts % self._workers:
            raise ConfigError(f"{options.texts} texts cannot be shared by {self._workers} workers")
        self._patcher: Patcher = states.load_patcher(options.state)
        self._state = self._first_state()
        cache = options.state / "corpus"
        self._corpus = Corpus(cache, options.recipe, options.seed, self._state.cursor)
        self._held_out = HeldOut.read(
            options.corpus, options.recipe.held_out, options.held_out_each
        )
        self._cooling = self._course()
        self._bits: float | None = None

    def run(self) -> TrainingState:
        """Train until the steps are done or someone asks to stop; leaves a checkpoint behind."""
        state, options = self._state, self._options
        last = self._last_step()
        saved = evaluated = time.monotonic()
        figures: dict[str, Any] | None = None
        took = 0.0
        while (last is None or state.step < last) and not self._stopping():
            began = time.monotonic()
            figures = self._step()
            now = time.monotonic()
            took = now - began
            state.seconds += took
            if now - evaluated > options.evaluate_seconds:
                self._report(self._progress(figures, took, self.evaluate()))
                evaluated = time.monotonic()
            elif state.step % options.report_steps == 0:
                self._report(self._progress(figures, took, None))
            if now - saved > options.save_seconds:
                self.save()
                saved = now
        self.save()
        if figures is not None and self._cooling is not None:
            self._report(self._progress(figures, took, self.evaluate()))
        return state

    def evaluate(self) -> dict[str, float]:
        """Score the running average on the held-out text."""
        if not self._held_out.pieces:
            return {}
        return bits_per_byte(
            self._state.moments["average"],
            self._held_out,
            self._patcher,
            self._options.config,
            self._passes(),
            self._ops,
        )

    def save(self) -> None:
        """Write a checkpoint; of several workers, the first one does."""
        if self._rank > 0:
            return
        state = self._state
        host = TrainingState(
            parameters=self._to_host(state.parameters),
            moments={name: self._to_host(tree) for name, tree in state.moments.items()},
            step=state.step,
            bytes=state.bytes,
            seconds=state.seconds,
            cursor=self._corpus.cursor,
        )
        states.save(self._folder(), host, self._options.config)

    def _folder(self) -> Path:
        if self._options.cool is None:
            return self._options.state
        folder = self._options.state / "cooled"
        folder.mkdir(exist_ok=True)
        return folder

    def _first_state(self) -> TrainingState:
        options, ops = self._options, self._ops
        if not options.resume and options.cool is None and states.checkpoints(options.state):
            raise ResumeError(f"{options.state} holds a run already: add --resume to go on with it")
        if options.resume or options.cool is not None:
            state = states.load(options.state, options.config)
        else:
            state = TrainingState(initialise(options.config, options.seed), {})
        state.parameters = {name: ops.array(value) for name, value in state.parameters.items()}
        state.moments = {
            name: {key: ops.array(value) for key, value in tree.items()}
            for name, tree in state.moments.items()
        } or start(state.parameters)
        return state

    def _last_step(self) -> int | None:
        if self._cooling is not None:
            return self._cooling.start + self._cooling.steps
        return self._options.steps

    def _course(self) -> Cooling | None:
        """Give the falling rates of a branch that cools, or of a whole run that tunes."""
        options = self._options
        if options.tune and options.steps is not None:
            return Cooling(0, options.steps)
        return None if options.cool is None else Cooling(self._state.step, options.cool)

    def _passes(self) -> int:
        return 2 if self._state.bytes >= self._options.second_pass_from else 1

    def _step(self) -> dict[str, Any]:
        state, ops = self._state, self._ops
        batch, size = self._batch(state.step + 1)
        options = self._options
        take = training_step(
            options.config,
            options.weights,
            options.rates
            if self._cooling is None
            else replace(options.rates, average=COOL_AVERAGE),
            options.backend,
            self._passes(),
            packed=self._cooling is not None,
        )
        hot = np.float32(heat(state.step + 1, self._cooling))
        state.parameters, state.moments, figures = take(
            state.parameters,
            state.moments,
            batch,
            ops.array(hot),
            ops.array(np.float32(state.step + 1)),
        )
        ops.settle((state.parameters, state.moments))
        state.step += 1
        state.bytes += size
        bits = float(figures["task"]) / math.log(2.0)
        self._bits = bits if self._bits is None else 0.98 * self._bits + 0.02 * bits
        return {name: ops.numpy(value) for name, value in figures.items()}

    def _batch(self, step: int) -> tuple[Batch, int]:
        """Read one step's windows.   Returns: the batch on the backend; its bytes."""
        options = self._options
        kinds = self._corpus.choose(step, options.texts)
        layouts, expected = [], []
        for kind in kinds:
            window = self._corpus.window(kind, options.rows)
            layout = lay_out(
                [window],
                self._patcher,
                options.config,
                rows=options.rows,
                patches=options.rows * 3 // 16,  # 5.33 bytes a patch
            )
            used = int((layout.targets >= 0).sum())
            if self._corpus.has_expectations:
                rows = np.zeros((1, options.rows, 256), np.float32)
                rows[0, :used] = self._corpus.expected(kind, used)
                expected.append(rows)
            self._corpus.advance(kind, used)
            layouts.append(layout)
        size = sum(int((layout.targets >= 0).sum()) for layout in layouts)
        layouts = layouts[self._rank :: self._workers]
        whole = Layout(*(np.concatenate(parts) for parts in zip(*layouts, strict=True)))
        drafted, after = draft_targets(
            whole, options.config, np.random.default_rng((options.seed, step, 1))
        )
        place = self._ops.array
        own = expected[self._rank :: self._workers]
        taught = np.concatenate(own) if own else np.zeros(0, np.float32)
        batch = Batch(Layout(*map(place, whole)), place(drafted), place(after), place(taught))
        return batch, size

    def _progress(
        self, figures: dict[str, Any], took: float, held_out: dict[str, float] | None
    ) -> Progress:
        state = self._state
        return Progress(
            step=state.step,
            bytes=state.bytes,
            seconds=state.seconds,
            task=float(figures["task"]) / math.log(2.0),
            bits=self._bits or 0.0,
            speed=float(figures["bytes"]) * self._workers / took,
            fired=float(figures["fired"].mean()),
            worst_load=float(figures["load"].max() * self._options.config.experts - 1.0),
            draft_bits=float(figures["draft"]) / math.log(2.0),
            held_out=held_out,
        )

    def _to_host(self, tree: Any) -> Any:
        return {name: np.asarray(self._ops.numpy(value)) for name, value in tree.items()}


def draft_targets(
    layout: Layout, config: Config, rng: np.random.Generator
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Choose rows to draft from.   Returns: rows (M,); the K bytes after the next one (M, K)."""
    texts, size = layout.targets.shape
    slots = config.draft_length
    rows = rng.integers(0, texts * size, max(1, texts * size // DRAFT_EVERY)).astype(np.int32)
    padded = np.concatenate([layout.targets, np.full((texts, slots), -1, np.int32)], axis=1)
    text, row = rows // size, rows % size
    after = np.stack([padded[text, row + 1 + slot] for slot in range(slots)], axis=1)
    return rows, after.astype(np.int32)
