"""Records of jobs, nights, engrams, minds and weights, in the form of `selfd_storage.records`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

JobKind: TypeAlias = Literal[
    "POLL_FEEDS",
    "INGEST",
    "BUILD_ENGRAM",
    "CONSOLIDATE",
    "COMPRESS",
    "FINETUNE",
    "LORA",
    "DISTILL",
    "SELF_EDIT",
    "REINFORCE",
    "EVOLVE",
    "EVALUATE",
    "ASSESS_SELF",
    "BENCHMARK",
    "BACKUP",
    "EXPORT",
    "IMPORT",
    "VERIFY",
]
JobState: TypeAlias = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "WAITING"]
StepState: TypeAlias = Literal["PLANNED", "RUNNING", "DONE", "SKIPPED", "FAILED"]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One piece of long work. `metrics` holds measured results by name."""

    id: str
    kind: JobKind
    state: JobState
    progress: float
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    metrics: Mapping[str, Any]
    error: str | None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewEngram:
    """An engram that was built: a folder in one file."""

    name: str
    path: str
    files: int
    raw_bytes: int
    stored_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EngramRecord:
    """One engram, as it was when it was built."""

    id: str
    name: str
    path: str
    files: int
    raw_bytes: int
    stored_bytes: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewCheckpoint:
    """A generation of the weights; `before` and `after` are held-out bits per byte."""

    parent: str | None
    origin: JobKind | None
    hash: str
    file: str | None
    promoted: bool
    reason: str
    before: float | None = None
    after: float | None = None
    data_hash: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    items: Sequence[str] = ()
    created_at: datetime | None = None  # None: now
    mind: str | None = None  # whose adapter it is; None: the built-in model's weights


@dataclass(frozen=True, slots=True)
class CheckpointRecord:
    """One generation of the weights, or of a mind's adapter; `mind` is None for the built-in one.

    `file` is None where it ships, came with the mind, or is gone.
    """

    id: str
    parent: str | None
    created_at: datetime
    origin: JobKind | None
    hash: str
    chain: str
    file: str | None
    before: float | None
    after: float | None
    promoted: bool
    active: bool
    reason: str
    data_hash: str | None
    figures: Mapping[str, Any]
    mind: str | None = None


@dataclass(frozen=True, slots=True)
class NightStepRecord:
    """One step of a night; `note` says what it did, or why it did not."""

    number: int
    name: str
    state: StepState
    job_id: str | None
    began_at: datetime | None
    ended_at: datetime | None
    note: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NightRecord:
    """One night. `day` is the local date on which its window began, `2026-01-31`."""

    id: str
    day: str
    began_at: datetime
    ended_at: datetime | None
    watt_hours: float
    note: str
    steps: tuple[NightStepRecord, ...]


@dataclass(frozen=True, slots=True)
class NewMind:
    """A mind to be kept. `options` is JSON and holds no secrets."""

    name: str
    kind: Literal["MLX", "HTTP", "ENSEMBLE"]
    model: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MindRecord:
    """One mind that was added. Figures are None until measured, `removed_at` while it is there."""

    id: str
    name: str
    kind: Literal["MLX", "HTTP", "ENSEMBLE"]
    model: str
    options: Mapping[str, Any]
    parameters: float | None
    bytes_per_second: float | None
    added_at: datetime
    removed_at: datetime | None
