"""Minds: the models that can answer, and what the built-in one can measure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Self

import strawberry
from strawberry import ID, UNSET
from strawberry.scalars import JSON

from selfd_graphql import described
from selfd_graphql.arguments import given
from selfd_graphql.context import Info, services
from selfd_graphql.errors import ServiceError
from selfd_graphql.node import Node
from selfd_graphql.ports import BenchInfo, MindInfo, RecommendationInfo, ScoreInfo


@described.enum
class MindKind(Enum):
    """How a mind is run."""

    BUILTIN = "BUILTIN"
    MLX = "MLX"
    HTTP = "HTTP"
    ENSEMBLE = "ENSEMBLE"


@described.enum
class EmbeddedBy(Enum):
    """What an embedding is made of: words and their parts, as in search, or what the byte model
    holds of the text, which is slower and knows less. Vectors of the two cannot be compared."""

    WORDS = "WORDS"
    LATENT = "LATENT"


@described.output
class Mind(Node):
    """A model that can answer."""

    name: str
    kind: MindKind
    model: str
    loaded: bool
    is_default: bool
    parameters: float | None
    bytes_per_second: float | None = strawberry.field(description="Measured on this machine.")

    @classmethod
    def from_record(cls, mind: MindInfo) -> Self:
        """Translate what the daemon knows of a mind."""
        return cls(
            id=ID(mind.id),
            name=mind.name,
            kind=MindKind(mind.kind),
            model=mind.model,
            loaded=mind.loaded,
            is_default=mind.is_default,
            parameters=mind.parameters,
            bytes_per_second=mind.bytes_per_second,
        )


@described.input
class MindInput:
    """A model to be asked from now on."""

    name: str
    kind: MindKind
    model: str = strawberry.field(
        description="A folder, a hub name, a base URL, or for an ensemble the ids of its members, "
        "by commas."
    )
    options: JSON | None = UNSET


@described.output
class MindMeasurement:
    """What a mind did when it was measured on this machine."""

    mind: Mind
    bytes: int
    first_byte_seconds: float
    seconds: float
    bytes_per_second: float

    @classmethod
    def from_record(cls, bench: BenchInfo) -> Self:
        """Translate a measurement."""
        return cls(
            mind=Mind.from_record(bench.mind),
            bytes=bench.bytes,
            first_byte_seconds=bench.first_byte_seconds,
            seconds=bench.seconds,
            bytes_per_second=bench.bytes_per_second,
        )


@described.output
class ModelRecommendation:
    """A model that this machine can run, and why."""

    model: str
    quantization: str
    resident_memory: int
    reason: str
    present: bool = strawberry.field(description="It is on this machine already.")
    expected_bytes_per_second: float | None = strawberry.field(
        description="By the chip's memory; null where that is not known."
    )
    measured_bytes_per_second: float | None = strawberry.field(
        description="Of a mind with this model; null before it was measured."
    )
    runnable: bool = strawberry.field(description="What would run it is installed here.")

    @classmethod
    def from_record(cls, found: RecommendationInfo) -> Self:
        """Translate a recommendation."""
        return cls(
            model=found.model,
            quantization=found.quantization,
            resident_memory=found.resident_memory,
            reason=found.reason,
            present=found.present,
            expected_bytes_per_second=found.expected,
            measured_bytes_per_second=found.measured,
            runnable=found.runnable,
        )


@described.output
class Score:
    """How well the built-in model predicts a text."""

    bytes: int
    bits: float
    bits_per_byte: float

    @classmethod
    def from_record(cls, score: ScoreInfo) -> Self:
        """Translate a measurement."""
        return cls(bytes=score.bytes, bits=score.bits, bits_per_byte=score.bits_per_byte)


@described.output
class MindQuery:
    """What can be asked about minds, and of the built-in one."""

    @described.field
    async def minds(self, info: Info) -> list[Mind]:
        """Every mind that can be asked."""
        return [Mind.from_record(mind) for mind in await services(info).minds.minds()]

    @described.field
    async def recommended_models(self, info: Info) -> list[ModelRecommendation]:
        """What this machine can run by its chip, memory, disk and what is installed, the most able
        first; the network is not asked."""
        found = await services(info).minds.recommended()
        return [ModelRecommendation.from_record(each) for each in found]

    @described.field
    async def score(self, info: Info, text: str) -> Score:
        """How well the built-in model predicts a text."""
        return Score.from_record(await services(info).minds.score(text))

    @described.field
    async def embed(
        self, info: Info, texts: list[str], by: EmbeddedBy = EmbeddedBy.WORDS
    ) -> list[list[float]]:
        """Unit-length sentence embeddings of the built-in model."""
        found = await services(info).minds.embed(texts, by=by.value)
        return [list(vector) for vector in found]

    @described.field
    async def patches(self, info: Info, text: str) -> list[str]:
        """The patches that the built-in model cuts a text into, as UTF-8-safe strings of bytes
        (latin-1 for stray bytes)."""
        return list(await services(info).minds.patches(text))


@described.output
class MindMutation:
    """What can be done with minds."""

    @described.mutation
    async def add_mind(self, info: Info, input: MindInput) -> Mind:
        """Keep a model that can be asked; it is loaded when it is."""
        options: object = given(input.options) or {}
        if not isinstance(options, Mapping):
            raise ServiceError("INVALID_INPUT", f"options must be an object, got {options!r}")
        added = await services(info).minds.add(
            name=input.name, kind=input.kind.value, model=input.model, options=options
        )
        return Mind.from_record(added)

    @described.mutation
    async def remove_mind(self, info: Info, id: ID) -> bool:
        """Let go of a mind; its answers stay. False when there is none of that id."""
        return await services(info).minds.remove(id)

    @described.mutation
    async def set_default_mind(self, info: Info, id: ID) -> Mind:
        """Let a mind answer whenever none is named."""
        return Mind.from_record(await services(info).minds.set_default(id))

    @described.mutation
    async def load_mind(self, info: Info, id: ID) -> Mind:
        """Load a mind now rather than when it is asked."""
        return Mind.from_record(await services(info).minds.load(id))

    @described.mutation
    async def unload_mind(self, info: Info, id: ID) -> Mind:
        """Give a mind's memory back until it is asked again."""
        return Mind.from_record(await services(info).minds.unload(id))

    @described.mutation
    async def bench_mind(self, info: Info, id: ID) -> MindMeasurement:
        """Measure how fast a mind is on this machine, and keep its speed."""
        return MindMeasurement.from_record(await services(info).minds.bench(id))
