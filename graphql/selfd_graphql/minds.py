"""Minds: the models that can answer, and what the built-in one can measure."""

from __future__ import annotations

from enum import Enum
from typing import Self

import strawberry
from strawberry import ID

from selfd_graphql import described
from selfd_graphql.context import Info, services
from selfd_graphql.node import Node
from selfd_graphql.ports import MindInfo, ScoreInfo


@described.enum
class MindKind(Enum):
    """How a mind is run."""

    BUILTIN = "BUILTIN"
    MLX = "MLX"
    HTTP = "HTTP"
    ENSEMBLE = "ENSEMBLE"


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
    async def score(self, info: Info, text: str) -> Score:
        """How well the built-in model predicts a text."""
        return Score.from_record(await services(info).minds.score(text))

    @described.field
    async def embed(self, info: Info, texts: list[str]) -> list[list[float]]:
        """Unit-length sentence embeddings of the built-in model."""
        return [list(vector) for vector in await services(info).minds.embed(texts)]

    @described.field
    async def patches(self, info: Info, text: str) -> list[str]:
        """The patches that the built-in model cuts a text into, as UTF-8-safe strings of bytes
        (latin-1 for stray bytes)."""
        return list(await services(info).minds.patches(text))
