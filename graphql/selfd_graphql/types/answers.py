"""Questions and their answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from enum import Enum
from typing import Annotated, Self, TypeAlias, cast

import strawberry
from strawberry import ID, UNSET
from strawberry.scalars import JSON

from selfd_graphql import described
from selfd_graphql.arguments import given
from selfd_graphql.context import Info, loaders, services
from selfd_graphql.node import Node
from selfd_graphql.ports import Generation, Prompt, Question, TextPiece
from selfd_graphql.streams import coalesced, mapped
from selfd_graphql.types.minds import Mind
from selfd_graphql.types.search import Hit, Scope, hit_from_record, stored_scope
from selfd_storage import AnswerRecord, CitationRecord, NotFoundError


@described.enum
class EnsembleMethod(Enum):
    """How the members of an ensemble are joined."""

    VOTE = "VOTE"
    WEIGHTED = "WEIGHTED"
    CONSENSUS = "CONSENSUS"
    HYBRID = "HYBRID"
    BYTE = "BYTE"


@described.output
class Citation:
    """What an answer relies on."""

    item: Hit
    quote: str = strawberry.field(description="The words relied on, verbatim.")
    score: float


@described.output
class Answer(Node):
    """An answer as it was given."""

    mind_id: strawberry.Private[str]
    relied_on: strawberry.Private[tuple[CitationRecord, ...]]
    text: str
    confidence: float = strawberry.field(
        description="Probability that the answer is right, "
        "calibrated on past feedback and assessments."
    )
    abstained: bool = strawberry.field(
        description="True when confidence fell below the threshold "
        "and the answer says so instead of guessing."
    )
    task: str
    seconds: float
    conversation_id: ID
    signals: JSON = strawberry.field(
        description="The figures that the confidence was computed from, by name."
    )
    outcome: float | None = strawberry.field(
        description="How right it turned out, by feedback or verification; null before that."
    )

    @described.field
    async def citations(self, info: Info) -> list[Citation]:
        """What it relies on; what was forgotten since is left out."""
        items = await loaders(info).items.load_many(cited.item_id for cited in self.relied_on)
        return [
            Citation(item=hit_from_record(item), quote=cited.quote, score=cited.score)
            for cited, item in zip(self.relied_on, items, strict=True)
            if item is not None
        ]

    @described.field
    async def mind(self, info: Info) -> Mind:
        """Who answered."""
        mind = await loaders(info).minds.load(self.mind_id)
        if mind is None:
            raise NotFoundError("mind", self.mind_id)
        return Mind.from_record(mind)

    @classmethod
    def from_record(cls, record: AnswerRecord) -> Self:
        """Translate a record of the store."""
        return cls(
            id=ID(record.id),
            mind_id=record.mind_id,
            relied_on=record.citations,
            text=record.text,
            confidence=record.confidence,
            abstained=record.abstained,
            task=record.task,
            seconds=record.seconds,
            conversation_id=ID(record.conversation_id),
            signals=cast(JSON, dict(record.signals)),
            outcome=record.outcome,
        )


@described.output
class TextDelta:
    """A piece of text as it is made."""

    text: str


@described.output
class GenerationDone:
    """The end of a generation."""

    answer: Answer | None
    acceptance: float | None = strawberry.field(
        description="Bytes accepted from drafts over bytes made."
    )
    bytes_per_second: float


GenerationEvent: TypeAlias = Annotated[
    TextDelta | GenerationDone,
    strawberry.union("GenerationEvent", description="Text as it comes, then its end."),
]


def event_from_record(event: Generation) -> TextDelta | GenerationDone:
    """Translate a step of a generation."""
    if isinstance(event, TextPiece):
        return TextDelta(text=event.text)
    return GenerationDone(
        answer=None if event.answer is None else Answer.from_record(event.answer),
        acceptance=event.acceptance,
        bytes_per_second=event.bytes_per_second,
    )


@described.input
class AskInput:
    """A question and how to answer it."""

    question: str
    conversation_id: ID | None = UNSET
    mind_id: ID | None = UNSET
    scope: list[Scope] | None = UNSET
    max_bytes: int | None = strawberry.field(
        default=2048, description="At most this many bytes of answer."
    )
    temperature: float | None = 0.0
    method: EnsembleMethod | None = strawberry.field(
        default=UNSET, description="How members of an ensemble are joined."
    )
    instead_of: ID | None = strawberry.field(
        default=UNSET,
        description="An answer of the conversation whose question is put differently: "
        "its turn, and all after it, goes.",
    )

    def to_record(self) -> Question:
        """Translate into what the daemon takes."""
        method = given(self.method)
        return Question(
            text=self.question,
            conversation_id=given(self.conversation_id),
            mind_id=given(self.mind_id),
            scope=stored_scope(self.scope),
            max_bytes=2048 if self.max_bytes is None else self.max_bytes,
            temperature=self.temperature or 0.0,
            method=None if method is None else method.value,
            instead_of=given(self.instead_of),
        )


@described.input
class CompleteInput:
    """A prompt and how to continue it."""

    prompt: str
    mind_id: ID | None = UNSET
    max_bytes: int | None = 256
    temperature: float | None = 0.0
    seed: int | None = UNSET
    speculative: bool | None = strawberry.field(
        default=True,
        description="Draft with the parallel head and verify; the text is the same either way.",
    )

    def to_record(self) -> Prompt:
        """Translate into what the daemon takes."""
        return Prompt(
            text=self.prompt,
            mind_id=given(self.mind_id),
            max_bytes=256 if self.max_bytes is None else self.max_bytes,
            temperature=self.temperature or 0.0,
            seed=given(self.seed),
            speculative=self.speculative is not False,
        )


@described.input
class FeedbackInput:
    """What a person thought of an answer."""

    answer_id: ID
    rating: int = strawberry.field(description="-1, 0 or 1.")
    correction: str | None = UNSET
    remember: bool | None = strawberry.field(
        default=False, description="Keep the correction as a memory, with its question."
    )


@described.output
class AnswerMutation:
    """Asking."""

    @described.mutation
    async def ask(self, info: Info, input: AskInput) -> Answer:
        """Answer without streaming. For tokens as they come, subscribe to generate."""
        return Answer.from_record(await services(info).answering.ask(input.to_record()))

    @described.mutation
    async def give_feedback(self, info: Info, input: FeedbackInput) -> bool:
        """Rate an answer, or say what would have been right."""
        return await services(info).answering.give_feedback(
            input.answer_id,
            rating=input.rating,
            correction=given(input.correction),
            remember=input.remember is True,
        )


@described.output
class AnswerSubscription:
    """Text as it is made."""

    @described.subscription
    async def generate(self, info: Info, input: AskInput) -> AsyncGenerator[GenerationEvent, None]:
        """One event per piece of text, then one with the finished answer.

        Ending the subscription stops the work.
        """
        events = services(info).answering.generate(input.to_record())
        return mapped(coalesced(events), event_from_record)

    @described.subscription
    async def complete(
        self, info: Info, input: CompleteInput
    ) -> AsyncGenerator[GenerationEvent, None]:
        """Raw continuation of a prompt by one mind, with no retrieval."""
        events = services(info).minds.complete(input.to_record())
        return mapped(coalesced(events), event_from_record)
