"""The models that can answer, and the built-in one that is always there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from selfd_graphql.ports.answering import Generation

MindKind: TypeAlias = Literal["BUILTIN", "MLX", "HTTP", "ENSEMBLE"]


@dataclass(frozen=True, slots=True)
class MindInfo:
    """One model that can answer; `parameters` and `bytes_per_second` are None until known."""

    id: str
    name: str
    kind: MindKind
    model: str
    loaded: bool
    is_default: bool
    parameters: float | None
    bytes_per_second: float | None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What `complete` is given: raw text for one mind, with no retrieval."""

    text: str
    mind_id: str | None = None
    max_bytes: int = 256
    temperature: float = 0.0
    seed: int | None = None
    speculative: bool = True


@dataclass(frozen=True, slots=True)
class ScoreInfo:
    """How well the built-in model predicts a text: `bits` over all of its `bytes`."""

    bytes: int
    bits: float
    bits_per_byte: float


class MindPort(Protocol):
    """The models that can answer, and the built-in one that is always there.

    `score`, `embed` and `patches` are the built-in model's. Where it cannot be loaded they raise
    `ServiceError("MODEL_UNAVAILABLE", ...)` with the reason.
    """

    async def minds(self) -> Sequence[MindInfo]: ...
    async def mind(self, id: str) -> MindInfo | None:
        """One mind by its id; a mind that was removed but has given answers is still found."""
        ...

    async def score(self, text: str) -> ScoreInfo: ...
    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Unit-length vectors as plain floats, in the order of `texts`."""
        ...

    async def patches(self, text: str) -> Sequence[str]: ...
    def complete(self, prompt: Prompt) -> AsyncIterator[Generation]:
        """Pieces of text as they are made, then one `Finished` with no answer."""
        ...
