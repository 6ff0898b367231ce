"""Fakes of the ports of jobs and nights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from selfd_graphql import PlannedStep, TonightInfo
from selfd_storage import (
    CheckpointRecord,
    JobKind,
    JobRecord,
    JobState,
    NightRecord,
    NightStepRecord,
    NotFoundError,
    Page,
)
from support.fakes.channel import Channel, page_of
from support.fakes.samples import JOB, NOON

SHIPPED_WEIGHTS = CheckpointRecord(
    "checkpoint:1", None, NOON, None, "aa", "bb", None, None, None, True, False, "ships", None, {}
)
TAUGHT = CheckpointRecord(
    "checkpoint:2",
    "checkpoint:1",
    NOON,
    "FINETUNE",
    "cc",
    "dd",
    "cc.safetensors",
    1.75,
    1.5,
    True,
    True,
    "better",
    "ee",
    {"old": {"before": 1.5, "after": 1.5}},
)
NIGHT = NightRecord(
    "night:1",
    "2026-01-01",
    NOON,
    NOON,
    1.5,
    "1 done",
    (NightStepRecord(1, "fine-tune", "DONE", "job:1", NOON, NOON, "better", {"bits": 1.5}),),
)


@dataclass
class Jobs:
    """The job port."""

    started: list[tuple[JobKind, Mapping[str, Any]]] = field(default_factory=list)
    channel: Channel[JobRecord] = field(default_factory=Channel)
    asked: dict[str, Any] = field(default_factory=dict)

    async def start(self, kind: JobKind, options: Mapping[str, Any]) -> JobRecord:
        self.started.append((kind, options))
        return replace(JOB, kind=kind, state="QUEUED")

    async def cancel(self, id: str) -> JobRecord:
        if id != JOB.id:
            raise NotFoundError("job", id)
        return replace(JOB, state="CANCELLED")

    async def job(self, id: str) -> JobRecord | None:
        return JOB if id == JOB.id else None

    async def page(
        self, *, first: int, after: str | None, state: JobState | None
    ) -> Page[JobRecord]:
        self.asked = {"state": state}
        return page_of([JOB], first, after)

    def progress(self, id: str | None) -> AsyncIterator[JobRecord]:
        return self.channel.stream(id)


@dataclass
class Nights:
    """Two generations of the weights, and a night that made the second."""

    active: str = "checkpoint:2"
    begun: bool = False
    paused: bool = False

    async def checkpoints(self) -> list[CheckpointRecord]:
        return [replace(each, active=each.id == self.active) for each in (SHIPPED_WEIGHTS, TAUGHT)]

    async def rollback(self, id: str) -> CheckpointRecord:
        if id not in (SHIPPED_WEIGHTS.id, TAUGHT.id):
            raise NotFoundError("checkpoint", id)
        self.active = id
        return next(each for each in await self.checkpoints() if each.id == id)

    async def nights(self, first: int) -> list[NightRecord]:
        return [NIGHT][:first]

    async def tonight(self) -> TonightInfo:
        steps = [PlannedStep("fine-tune", "Teach the built-in model.", "PLANNED", "")]
        note = "" if self.begun else "the machine is being used"
        return TonightInfo("2026-01-02", NOON, NOON, True, self.paused, note, 1.5, 60.0, steps)

    async def begin_tonight(self) -> TonightInfo:
        self.begun = True
        return await self.tonight()

    async def pause(self, *, paused: bool) -> TonightInfo:
        self.paused = paused
        return await self.tonight()
