"""The FINETUNE job: the built-in model learns the owner's new text and keeps the old.

Half of what it reads is new, the rest is what it has learned from the owner before and a sample of
the text that the shipped weights came from. The gate decides; what it rejects never serves.
"""

from __future__ import annotations

import asyncio
import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from selfd_daemon.clock import Now
from selfd_daemon.jobs import JobContext, NothingToDoError
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.backend import training_backend
from selfd_daemon.nights.dataset import DataSet, Passage, gather, write_expected, write_texts
from selfd_daemon.nights.energy import Meter
from selfd_daemon.nights.errors import disk_in_words
from selfd_daemon.nights.gate import Limits, judge
from selfd_daemon.nights.lineage import Lineage
from selfd_daemon.nights.process import Report, TrainingProcess
from selfd_storage import CheckpointRecord, JobKind, Store

WORKER = "selfd_models.training.worker"
PLAN, CANDIDATE = "plan.json", "candidate.safetensors"
NEW_SHARE, OWN_SHARE = 0.5, 0.1  # of what is read; the rest is the shipped sample
LEAST_STEPS = 20
MOST_OWN = 200_000  # bytes of what was learned before


class NightObstacle(Protocol):
    """Says why training must wait now; by day, only what even its owner's wish must bow to."""

    async def __call__(self, *, by_day: bool) -> str | None: ...


class Source(Protocol):
    """Gives what is to be learned of what came in after `since`."""

    async def __call__(
        self, *, since: datetime | None, until: datetime, articles: bool
    ) -> DataSet: ...


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
        self._store = store
        self._lineage = lineage
        self._activity = activity
        self._folder = folder
        self._course = course
        self._articles = articles
        self._obstacle = obstacle
        self._meter = meter
        self._now = now
        self.backend = backend
        self._source = source or partial(gather, store)
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
            plan = await self._plan(folder)
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

    async def _plan(self, folder: Path) -> dict[str, Any]:
        """Write the texts of a run down, unless a run that was interrupted did."""
        path = folder / PLAN
        if path.exists():
            known: dict[str, Any] = json.loads(await asyncio.to_thread(path.read_text, "utf-8"))
            return known
        shutil.rmtree(folder, ignore_errors=True)
        backend = self.backend()
        parent = await self._lineage.active()
        known_all = await self._lineage.all()
        since = _read_until(known_all, self._origin)
        data = await self._source(since=since, until=self._now(), articles=self._articles)
        own = await self._learned_before(parent, known_all, data)
        shares = await asyncio.to_thread(_write, folder, data, own)
        plan = {
            "parent": parent.id,
            "backend": backend,
            "shares": shares,
            "items": list(data.items),
            "hash": data.hash,
            "until": data.until.isoformat(),
            "bytes": data.size,
        }
        partial = path.with_suffix(".partial")
        await asyncio.to_thread(partial.write_text, json.dumps(plan), "utf-8")
        partial.replace(path)
        return plan

    async def _learned_before(
        self, parent: CheckpointRecord, known: Sequence[CheckpointRecord], data: DataSet
    ) -> list[Passage]:
        """Return some of what this lineage has learned from the owner on earlier nights."""
        since = _read_until(known, "FINETUNE")
        if since is None:
            return []
        served = set()
        at: CheckpointRecord | None = parent
        while at is not None:
            served.add(at.id)
            at = next((each for each in known if at is not None and each.id == at.parent), None)
        try:
            before = await gather(self._store, since=None, until=since, articles=self._articles)
        except NothingToDoError:
            return []
        own, size = [], 0
        for passage in reversed(before.learned):
            if size < MOST_OWN and await self._store.checkpoints.trained_on(passage.items) & served:
                own.append(passage)
                size += passage.size
        return own

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


def _read_until(known: Sequence[CheckpointRecord], origin: JobKind) -> datetime | None:
    """Return up to when text was learned from by such jobs, or found to make things worse."""
    made = [each for each in known if each.origin == origin and "until" in each.figures]
    moments = [datetime.fromisoformat(each.figures["until"]) for each in made]
    return max(moments, default=None)


def _write(folder: Path, data: DataSet, own: Sequence[Passage]) -> dict[str, float]:
    """Write new, own and shipped text side by side.   Returns: the share of each kind."""
    from selfd_models.training.data.replay import REPLAY, read_sample

    text = folder / "corpus-text"
    write_texts(text / "train_new.jsonl", [("new", each.text) for each in data.learned])
    write_expected(text / "new.expected.npy", data.learned)
    write_expected(folder / "held_out.expected.npy", data.held_out)
    if own:
        write_texts(text / "train_own.jsonl", [("own", each.text) for each in own])
    sample = [(str(each["group"]), str(each["text"])) for each in read_sample(REPLAY)]
    write_texts(text / "train_old.jsonl", sample)
    write_texts(folder / "new.jsonl", [("new", each.text) for each in data.held_out])
    kinds = sorted({kind for kind, _ in sample})
    own_share = OWN_SHARE if own else 0.0
    old = {kind: (1.0 - NEW_SHARE - own_share) / len(kinds) for kind in kinds}
    return {"new": NEW_SHARE, **({"own": own_share} if own else {}), **old}


def supervised(
    folder: Path, module: str, activity: Activity, obstacle: NightObstacle, job: JobContext
) -> TrainingProcess:
    """Return what trains; a job that is no night's own bows to questions and power alone."""
    by_day = not job.options.get("night", False)
    return TrainingProcess(folder, module, activity, partial(obstacle, by_day=by_day))


def reporter(job: JobContext, meter: Meter, process: TrainingProcess) -> Report:
    """Pass on what a worker says; a pause keeps the progress that there was."""
    last = 0.0

    async def report(progress: float, message: str) -> None:
        nonlocal last
        last = max(last, progress)
        meter.used(process.processor_seconds)
        await job.report(last, message)

    return report


def _rounded(figures: Mapping[str, Any]) -> dict[str, float]:
    names = ("before", "after", "low", "high", "disorder", "worth")
    return {name: round(figures[name], 4) for name in names if name in figures}
