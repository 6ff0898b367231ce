"""What the connection tells the model, one dataclass for each kind of news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Away:
    """The daemon cannot be reached: why, and what a person can do about it."""

    reason: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """The daemon answers; what it does follows."""


@dataclass(frozen=True, slots=True)
class StatusRead:
    """The daemon's state at this moment, as `status` gives it."""

    status: Json


@dataclass(frozen=True, slots=True)
class JobSeen:
    """The newest state of a job."""

    job: Json


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job failed since the menu bar started, though perhaps while it was away."""

    job: Json


@dataclass(frozen=True, slots=True)
class TonightRead:
    """Tonight's plan, as `tonight` gives it."""

    tonight: Json


@dataclass(frozen=True, slots=True)
class ThoughtSeen:
    """The newest entry of the journal."""

    thought: Json


@dataclass(frozen=True, slots=True)
class NightEnded:
    """A night ended since the menu bar started: what the event says of it."""

    night: Json


@dataclass(frozen=True, slots=True)
class AnswerGrew:
    """A piece of the text of the answer to request `id`."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class AnswerEnded:
    """The whole answer to request `id`."""

    id: str
    answer: Json


@dataclass(frozen=True, slots=True)
class Remembered:
    """The memory of request `id` is stored."""

    id: str
    memory: Json


@dataclass(frozen=True, slots=True)
class Refused:
    """Request `id` came to nothing."""

    id: str
    message: str


Update: TypeAlias = (
    Away
    | Connected
    | StatusRead
    | JobSeen
    | JobFailed
    | TonightRead
    | ThoughtSeen
    | NightEnded
    | AnswerGrew
    | AnswerEnded
    | Remembered
    | Refused
)
