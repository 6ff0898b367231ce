"""The FINETUNE job: the built-in model learns the owner's new text and keeps the old.

Half of what it reads is new, the rest is what it has learned from the owner before and a sample of
the text that the shipped weights came from. The gate decides; what it rejects never serves.
"""

from __future__ import annotations

import asyncio
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from selfd_daemon.clock import Now
from selfd_daemon.jobs import JobContext
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.errors import disk_in_words
from selfd_daemon.nights.generations.gate import Limits, judge
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.nights.training.backend import training_backend
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.training.process import TrainingProcess
from selfd_daemon.nights.training.supervision import NightObstacle, reporter, supervised
from selfd_daemon.nights.training.texts import NEW_SHARE, Source, Texts
from selfd_storage import CheckpointRecord, JobKind, Store

WORKER = "selfd_models.training.worker"
CANDIDATE = "candidate.safetensors"
LEAST_STEPS = 20


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how hot a fine-tune is (docs/lab/0014).

    steps: at most; what is new is read about once. heat: on the rates of a training from nothing.
    limits: on what a candidate may cost. niceness: of its process.
    """

    steps: int = 400
    texts: int = 2
    rows: int = 1024
    heat: float = 0.2
    save_seconds: float = 180.0
    limits: Limits = field(default_factory=Limits)
    niceness: int = 15

    def steps_for(self, size: int) -> int:
        """Return how many steps `size` bytes of new text are worth."""
        return min(self.steps, max(LEAST_STEPS, math.ceil(size / self._new_bytes)))

    @property
    def _new_bytes(self) -> float:
        return self.texts * self.rows * NEW_SHARE


class FineTuner:
    """Makes candidates from the generation that serves, one at a time."""

    def __init__(
        self,
        store: Store,
        lineage: Lineage,
        activity: Activity,
        folder: Path,
        *,
        course: Course,
        articles: bool,
        obstacle: NightObstacle,
        meter: Meter,
        now: Now,
        backend: Callable[[], str] = training_backend,
        source: Source | None = None,
        origin: JobKind = "FINETUNE",
    ) -> None:
        self._lineage = lineage
        self._activity = activity
        self._folder = folder
        self._course = course
        self._obstacle = obstacle
        self._meter = meter
        self.backend = backend
        self._texts = Texts(
            store, lineage, now=now, articles=articles, source=source, origin=origin
        )
        self._origin: JobKind = origin
        self._run: tuple[asyncio.Task[Any] | None, frozenset[str]] = (None, frozenset())
        self._tainted = False

    async def run_job(self, job: JobContext) -> Mapping[str, Any]:
        """Train, judge, and let the candidate serve if it is better; a restart goes on."""
        folder = self._folder / job.id.replace(":", "-")
        try:
            with disk_in_words():
                return await self._until_learned(folder, job)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    async def _until_learned(self, folder: Path, job: JobContext) -> Mapping[str, Any]:
        """See a run through, and begin anew without what is forgotten meanwhile."""
        while True:
            plan = await self._texts.plan(folder, self.backend)
            self._tainted = False
            work = asyncio.create_task(self._learn(folder, plan, job))
            self._run = work, frozenset(plan["items"])
            try:
                learned: Mapping[str, Any] = await work
                return learned
            except asyncio.CancelledError:
                if not self._tainted:
                    work.cancel()
                    await asyncio.wait([work])
                    raise
                shutil.rmtree(folder, ignore_errors=True)  # with what was forgotten in it
            finally:
                self._run = None, frozenset()

    async def evaluate(self, job: JobContext) -> Mapping[str, Any]:
        """Do an EVALUATE job: measure what serves on the fixed old text, kind by kind."""
        known = {each.id: each for each in await self._lineage.all()}
        active = await self._lineage.active()
        folder = self._folder / job.id.replace(":", "-")
        process = self._process(folder, job)
        order = self._paths(active, known) | {"what": "evaluate", "backend": "numpy"}
        try:
            figures = await process.run(order, reporter(job, self._meter, process))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        bits = figures["shipped"]["after"]
        await job.report(1.0, f"{bits:.3f} bits per byte on the fixed old text")
        return {"checkpoint": active.id, **figures}

    def forget(self, items: Sequence[str]) -> None:
        """Begin the run anew if it learns from something that was just forgotten."""
        task, learning = self._run
        if task is not None and learning & set(items):
            self._tainted = True
            task.cancel()

    async def _learn(self, folder: Path, plan: Mapping[str, Any], job: JobContext) -> Any:
        known = {each.id: each for each in await self._lineage.all()}
        parent = known[plan["parent"]]
        process = self._process(folder, job)
        order = self._order(folder, plan, parent, known)
        with self._meter.measuring():
            figures = await process.run(order, reporter(job, self._meter, process))
        verdict = judge(figures, self._course.limits)
        record = await self._lineage.adopt(
            folder / CANDIDATE,
            parent=parent,
            origin=self._origin,
            promoted=verdict.promoted,
            reason=verdict.reason,
            figures={
                **figures,
                "until": plan["until"],
                "bytes": plan["bytes"],
                "course": asdict(self._course),
                "backend": plan["backend"],
            },
            data_hash=plan["hash"],
            items=plan["items"],
        )
        shutil.rmtree(folder, ignore_errors=True)
        await job.report(1.0, record.reason)
        return {
            "checkpoint": record.id,
            "promoted": record.promoted,
            "reason": record.reason,
            **{name: _rounded(each) for name, each in figures.items()},
        }

    def _order(
        self,
        folder: Path,
        plan: Mapping[str, Any],
        parent: CheckpointRecord,
        known: Mapping[str, CheckpointRecord],
    ) -> dict[str, Any]:
        return {
            **self._paths(parent, known),
            "shares": plan["shares"],
            "backend": plan["backend"],
            "seed": 7353 + len(known),
            **asdict(self._course),
            "steps": self._course.steps_for(plan["bytes"]),
        }

    def _process(self, folder: Path, job: JobContext) -> TrainingProcess:
        return supervised(folder, WORKER, self._activity, self._obstacle, job)

    def _paths(
        self, base: CheckpointRecord, known: Mapping[str, CheckpointRecord]
    ) -> dict[str, Any]:
        root = base
        while root.parent is not None:
            root = known[root.parent]
        return {
            "base": str(self._lineage.path(base)),
            "root": str(self._lineage.path(root)),
            "cache": str(self._folder / "measured"),
            "niceness": self._course.niceness,
            "judged": self._course.limits.judged,
        }


def _rounded(figures: Mapping[str, Any]) -> dict[str, float]:
    names = ("before", "after", "low", "high", "disorder", "worth")
    return {name: round(figures[name], 4) for name in names if name in figures}
