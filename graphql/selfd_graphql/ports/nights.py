"""Nights: what is planned, what was done, and the generations of the weights that came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfd_storage import CheckpointRecord, NightRecord, StepState


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of tonight; `sentence` says what it is for, `note` what came of it."""

    name: str
    sentence: str
    state: StepState
    note: str


@dataclass(frozen=True, slots=True)
class TonightInfo:
    """The night that is on or comes next. `note` says why it waits; empty when nothing hinders."""

    day: str
    starts_at: datetime
    ends_at: datetime
    enabled: bool
    paused: bool
    note: str
    watt_hours: float
    most_watt_hours: float
    steps: Sequence[PlannedStep]


class NightPort(Protocol):
    """Nights and the lineage of the weights."""

    async def checkpoints(self) -> Sequence[CheckpointRecord]:
        """Every generation, oldest first."""
        ...

    async def rollback(self, id: str) -> CheckpointRecord: ...
    async def nights(self, first: int) -> Sequence[NightRecord]:
        """The newest nights, newest first."""
        ...

    async def tonight(self) -> TonightInfo: ...
    async def begin_tonight(self) -> TonightInfo:
        """Begin the night now, at its owner's word."""
        ...

    async def pause(self, *, paused: bool) -> TonightInfo: ...
