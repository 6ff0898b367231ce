"""A training as a job: what it must wait for, and how its progress is told."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

from selfd_daemon.jobs import JobContext
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.training.process import Report, TrainingProcess


class NightObstacle(Protocol):
    """Says why training must wait now; by day, only what even its owner's wish must bow to."""

    async def __call__(self, *, by_day: bool) -> str | None: ...


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
