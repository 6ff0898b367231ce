"""Records of what selfd knows of itself; their form is that of `selfd_storage.records`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class NewThought:
    """What came to attention: log entries `first` to `last` in plain words, and whom they name."""

    at: datetime
    source: str
    salience: float
    first: int
    last: int
    text: str
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThoughtRecord:
    """One entry of the journal; `first` and `last` are sequence numbers of the log."""

    id: str
    at: datetime
    source: str
    salience: float
    first: int
    last: int
    text: str
    about: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SelfVersionRecord:
    """The self-model as it was from `at` on; `hash` was checked against what was written."""

    at: datetime
    hash: str
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewGoal:
    """A goal before it has an id; `measure` None means that only its owner can tell."""

    text: str
    is_own: bool = False
    measure: str | None = None
    baseline: float | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True)
class GoalRecord:
    """One goal. `progress` is in [0, 1]; the figures are None where nothing was measured."""

    id: str
    text: str
    is_own: bool
    measure: str | None
    baseline: float | None
    target: float | None
    current: float | None
    progress: float
    created_at: datetime
    reached_at: datetime | None


@dataclass(frozen=True, slots=True)
class SelfTestRecord:
    """One test of an assessment; where it is not `measured`, `value` says nothing."""

    name: str
    passed: bool
    measured: bool
    value: float
    threshold: float
    explanation: str


@dataclass(frozen=True, slots=True)
class AssessmentRecord:
    """One assessment; `score` is the share of its measured tests that were passed."""

    id: str
    at: datetime
    score: float
    seconds: float
    tests: tuple[SelfTestRecord, ...]


@dataclass(frozen=True, slots=True)
class AttemptsRecord:
    """How often a kind of task was tried and judged, and how often it went well.

    `recent` and `earlier` are (attempts, successes) of the newest ones and of as many before them;
    `unjudged` attempts are those that nobody and nothing has judged.
    """

    name: str
    attempts: int
    successes: int
    unjudged: int
    recent: tuple[int, int]
    earlier: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PredictionRecord:
    """What was said beforehand of an answer, and how it turned out, both in [0, 1]."""

    answer_id: str
    at: datetime
    predicted: float
    outcome: float


@dataclass(frozen=True, slots=True)
class SurpriseRecord:
    """Mean bits per byte of the newest measured memories and of many before; None: none are."""

    recent: float | None
    usual: float | None
    measured: int
