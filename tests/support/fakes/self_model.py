"""A fake of the port of the self-model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from selfd_graphql import (
    AffectInfo,
    BodyInfo,
    CalibrationBinInfo,
    CapabilityInfo,
    IdentityInfo,
    SelfModelInfo,
)
from selfd_storage import (
    AssessmentRecord,
    GoalRecord,
    JobRecord,
    Page,
    SelfTestRecord,
    ThoughtRecord,
)
from support.fakes.channel import Channel, page_of
from support.fakes.samples import JOB, NOON

THOUGHT = ThoughtRecord(
    "thought:1", NOON, "memory", 0.5, 3, 4, "Remembered 2 memories.", ("memory:1", "memory:2")
)
GOAL = GoalRecord("goal:1", "rest", False, None, None, None, None, 0.25, NOON, None)
ASSESSMENT = AssessmentRecord(
    "assessment:1", NOON, 0.5, 9.0, (SelfTestRecord("limits", True, True, 1.0, 0.9, "All told."),)
)
SELF = SelfModelInfo(
    as_of=NOON,
    hash="5e1f",
    identity=IdentityInfo("selfd", NOON, "cafe", ("cafe",), True, ("be plain",)),
    body=BodyInfo(
        NOON, "a machine", "numpy", 0.5, 8, 4, 2, 9, None, None, None, "nominal", None, None, True
    ),
    affect=AffectInfo(0.1, 0.2, 0.3, 0.4, 0.5, {"problems": 0}),
    capabilities=(CapabilityInfo("answer question", 4, 3, 1, 0.3, 0.95, None),),
    goals=(GOAL,),
    attention=THOUGHT.text,
    attention_id=THOUGHT.id,
    calibration_error=None,
    calibration=(CalibrationBinInfo(0.5, 0.6, 2, 0.55, 0.5),),
    counts={"memories": 1},
    limits=("is offline",),
    unknown=("how hot the machine is",),
)


@dataclass
class SelfKnowledge:
    """The port of the self-model; `asked` holds the moments that it was asked for."""

    asked: list[datetime | None] = field(default_factory=list)
    told: list[tuple[str, float]] = field(default_factory=list)
    channel: Channel[SelfModelInfo] = field(default_factory=Channel)
    stream: Channel[ThoughtRecord] = field(default_factory=Channel)

    async def model(self, as_of: datetime | None) -> SelfModelInfo:
        self.asked.append(as_of)
        return SELF

    async def journal(self, *, first: int, after: str | None) -> Page[ThoughtRecord]:
        return page_of([THOUGHT], first, after)

    async def goal(self, id: str) -> GoalRecord | None:
        return GOAL if id == GOAL.id else None

    async def add_goal(self, text: str) -> GoalRecord:
        return replace(GOAL, text=text)

    async def update_goal(self, id: str, *, progress: float) -> GoalRecord:
        self.told.append((id, progress))
        return replace(GOAL, progress=progress)

    async def remove_goal(self, id: str) -> bool:
        return id == GOAL.id

    async def assessments(self, first: int) -> Sequence[AssessmentRecord]:
        return [ASSESSMENT][:first]

    async def assess(self) -> JobRecord:
        return replace(JOB, kind="ASSESS_SELF")

    def models(self) -> AsyncIterator[SelfModelInfo]:
        return self.channel.stream()

    def thoughts(self) -> AsyncIterator[ThoughtRecord]:
        return self.stream.stream()
