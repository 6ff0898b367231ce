"""Assessments: selfd's tests of what it says about itself."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry
from strawberry import ID

from selfd_graphql import described
from selfd_graphql.arguments import page_size
from selfd_graphql.context import Info, services
from selfd_graphql.types.jobs import Job
from selfd_storage import AssessmentRecord, SelfTestRecord


@described.output
class SelfTest:
    """One test of an assessment."""

    name: str
    passed: bool
    value: float = strawberry.field(description="What was measured; 0 where nothing could be.")
    threshold: float = strawberry.field(description="The least value that passes.")
    explanation: str
    measured: bool = strawberry.field(
        description="False where there was too little to measure; such a test is not passed."
    )

    @classmethod
    def from_record(cls, record: SelfTestRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            name=record.name,
            passed=record.passed,
            value=record.value,
            threshold=record.threshold,
            explanation=record.explanation,
            measured=record.measured,
        )


@described.output
class SelfAssessment:
    """One assessment."""

    id: ID
    at: datetime
    tests: list[SelfTest]
    score: float = strawberry.field(description="The share of its measured tests that were passed.")
    seconds: float = strawberry.field(description="How long it took.")

    @classmethod
    def from_record(cls, record: AssessmentRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            at=record.at,
            tests=[SelfTest.from_record(test) for test in record.tests],
            score=record.score,
            seconds=record.seconds,
        )


@described.output
class AssessmentQuery:
    """What can be asked about assessments."""

    @described.field
    async def self_assessments(self, info: Info, first: int | None = 10) -> list[SelfAssessment]:
        """Assessments, newest first."""
        found = await services(info).self_model.assessments(page_size(first, 10))
        return [SelfAssessment.from_record(record) for record in found]


@described.output
class AssessmentMutation:
    """What can be done about assessments."""

    @described.mutation
    async def assess_self(self, info: Info) -> Job:
        """Test what selfd says about itself: report, predictions, own text, changes, memory of
        what it did, and limits."""
        return Job.from_record(await services(info).self_model.assess())
