"""What selfd knows of itself: measured, versioned, and told in a journal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from selfd_storage import AssessmentRecord, GoalRecord, JobRecord, Page, ThoughtRecord


@dataclass(frozen=True, slots=True)
class IdentityInfo:
    """Who it is. `lineage` runs from the first weights to those that serve."""

    name: str
    born_at: datetime
    checkpoint: str
    lineage: tuple[str, ...]
    lineage_verified: bool
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BodyInfo:
    """The machine at one moment; None where it does not tell."""

    sampled_at: datetime
    device: str
    backend: str
    cpu_load: float
    memory_total: int
    memory_available: int
    resident_memory: int
    disk_free: int
    on_battery: bool | None
    battery_share: float | None
    low_power_mode: bool | None
    thermal_pressure: str | None
    watts: float | None
    idle_seconds: float | None
    network_up: bool | None


@dataclass(frozen=True, slots=True)
class AffectInfo:
    """Appraisals of measured signals, with the signals; no claim of feeling is made."""

    valence: float
    arousal: float
    curiosity: float
    confidence: float
    fatigue: float
    inputs: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class CapabilityInfo:
    """One kind of task with its Wilson 95% interval; `trend` is recent minus earlier success."""

    name: str
    attempts: int
    successes: int
    unjudged: int
    low: float
    high: float
    trend: float | None


@dataclass(frozen=True, slots=True)
class CalibrationBinInfo:
    """Answers whose confidence lay between `low` and `high`: what was said, what came true."""

    low: float
    high: float
    answers: int
    predicted: float
    right: float


@dataclass(frozen=True, slots=True)
class SelfModelInfo:
    """The whole self-model as it was from `as_of` on; `hash` is over what was stored of it."""

    as_of: datetime
    hash: str
    identity: IdentityInfo
    body: BodyInfo
    affect: AffectInfo
    capabilities: tuple[CapabilityInfo, ...]
    goals: tuple[GoalRecord, ...]
    attention: str | None
    attention_id: str | None
    calibration_error: float | None
    calibration: tuple[CalibrationBinInfo, ...]
    counts: Mapping[str, int]
    limits: tuple[str, ...]
    unknown: tuple[str, ...]


class SelfPort(Protocol):
    """What selfd knows of itself."""

    async def model(self, as_of: datetime | None) -> SelfModelInfo:
        """The self-model now, or the version that held at a moment."""
        ...

    async def journal(self, *, first: int, after: str | None) -> Page[ThoughtRecord]: ...
    async def goal(self, id: str) -> GoalRecord | None: ...
    async def add_goal(self, text: str) -> GoalRecord: ...
    async def update_goal(self, id: str, *, progress: float) -> GoalRecord: ...
    async def remove_goal(self, id: str) -> bool: ...
    async def assessments(self, first: int) -> Sequence[AssessmentRecord]: ...
    async def assess(self) -> JobRecord: ...
    def models(self) -> AsyncIterator[SelfModelInfo]:
        """Each new version, the latest first; a slow reader skips to the newest."""
        ...

    def thoughts(self) -> AsyncIterator[ThoughtRecord]: ...
