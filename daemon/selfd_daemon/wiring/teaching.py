"""Builds what learns: the lineage of the weights, the trainings, and the keeper of the night."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from selfd_daemon.answering import AnsweringService
from selfd_daemon.host.local import this_host
from selfd_daemon.host.state import Host
from selfd_daemon.minds import MindService
from selfd_daemon.nights import Lineage, NightService
from selfd_daemon.nights.conditions import Conditions
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.generations.gate import Limits
from selfd_daemon.nights.keeper import NightKeeper
from selfd_daemon.nights.steps import STEPS, Step
from selfd_daemon.nights.training.adapt import MindAdapter, can_adapt
from selfd_daemon.nights.training.backend import training_backend
from selfd_daemon.nights.training.distil import Lessons, while_nobody_asks
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.training.finetune import Course, FineTuner
from selfd_daemon.nights.training.process import QUIET_SECONDS, end_leftovers
from selfd_daemon.nights.window import Window
from selfd_daemon.self_model.measures.identity import SHIPPED_WEIGHTS
from selfd_daemon.wiring.foundation import Foundation
from selfd_storage import StorageError

EMBED_SECONDS = 3600.0  # for a million texts

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Rails:
    """What nights stand on: the first weights, the machine, the steps, what trains and how long.

    course: None takes the settings'.
    """

    shipped: Path = SHIPPED_WEIGHTS
    host: Callable[[Path], Host] = this_host
    steps: Sequence[Step] = STEPS
    backend: Callable[[], str] = training_backend
    course: Course | None = None


RAILS = Rails()


async def lineage(base: Foundation, rails: Rails) -> Lineage:
    """Find out which weights serve; without a store to ask, those that ship."""
    found = Lineage(base.store, base.settings.folder.checkpoints, rails.shipped)
    try:
        await found.begin()
    except (StorageError, OSError) as error:
        log.warning("lineage not read: the shipped weights serve", error=str(error))
    return found


def adapters(base: Foundation) -> Adapters:
    """Keep the adapters of minds beside the weights."""
    return Adapters(base.store, base.settings.folder.checkpoints / "adapters")


def nights(
    base: Foundation,
    minds: MindService,
    lineage: Lineage,
    adapters: Adapters,
    answering: AnsweringService,
    rails: Rails,
) -> NightService:
    """Keep the nights, and unlearn what is forgotten."""
    settings, folder = base.settings.nights, base.settings.folder.training
    end_leftovers(folder)
    lineage.serves_through(minds.renew_builtin)
    adapters.serves_through(minds.use_adapter)
    meter = Meter()
    keeper = _keeper(base, answering, meter, rails)
    tuning = partial(
        FineTuner,
        base.store,
        lineage,
        base.activity,
        folder,
        course=rails.course or Course(steps=settings.steps, limits=Limits(old=settings.margin)),
        articles=settings.learn_articles,
        obstacle=keeper.obstacle,
        meter=meter,
        now=base.now,
        backend=rails.backend,
    )
    free = while_nobody_asks(lambda: base.activity.quiet_seconds, least=QUIET_SECONDS)
    service = NightService(
        base.store,
        base.bus,
        base.jobs,
        lineage,
        adapters,
        keeper,
        tuning(),
        tuning(source=Lessons(base.store, minds, free), origin="DISTILL"),
        enabled=settings.enabled,
    )
    adapter = MindAdapter(
        base.store, base.activity, folder, adapters, obstacle=keeper.obstacle, meter=meter
    )
    base.jobs.register("LORA", adapter.run_job, check=can_adapt)
    base.work("unlearning of weights", service.unlearn)
    base.work("nights", service.run)
    return service


def _keeper(
    base: Foundation, answering: AnsweringService, meter: Meter, rails: Rails
) -> NightKeeper:
    """Watch for the hours and the machine that a night needs, and take its steps then."""
    settings = base.settings.nights
    return NightKeeper(
        base.store,
        base.jobs,
        rails.host(base.settings.data_dir),
        base.activity,
        meter,
        window=Window.parse(settings.window),
        conditions=Conditions(settings.idle_minutes * 60.0, settings.min_free_bytes),
        max_watt_hours=settings.max_watt_hours,
        now=base.now,
        steps=rails.steps,
        hooks={"re-embed": partial(_embedded, base), "refit": partial(_refitted, answering)},
    )


async def _refitted(answering: AnsweringService) -> Mapping[str, Any]:
    """Fit the confidence of answers to what became of them, and keep it where that is better."""
    found = await answering.refit()
    if not found.answers:
        reason = "no answer was judged yet"
    elif found.accepted:
        reason = f"learned from {found.answers} judged answers"
    else:
        reason = f"{found.answers} judged answers show nothing better"
    return {
        "reason": reason,
        "answers": found.answers,
        "before": found.before,
        "after": found.after,
        "accepted": found.accepted,
    }


async def _embedded(base: Foundation) -> Mapping[str, Any]:
    """Wait until the index, which embeds by itself what a new embedder has not, is done with it."""
    async with asyncio.timeout(EMBED_SECONDS):
        await base.store.settle()
    return {"reason": "every text has a code of the embedder in use"}
