"""The models that can answer, and the built-in one that is always there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from selfd_graphql.ports.answering import Generation

EmbeddedBy: TypeAlias = Literal["WORDS", "LATENT"]
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
class BenchInfo:
    """What a mind did when it was measured. Times are seconds."""

    mind: MindInfo
    bytes: int
    first_byte_seconds: float
    seconds: float
    bytes_per_second: float


@dataclass(frozen=True, slots=True)
class RecommendationInfo:
    """A model that this machine can run, and why. `expected` and `measured` are bytes/s.

    `runnable` is False where it has room, but what would run it is not installed.
    """

    model: str
    quantization: str
    resident_memory: int
    reason: str
    present: bool
    expected: float | None
    measured: float | None
    runnable: bool


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

    async def add(
        self, *, name: str, kind: MindKind, model: str, options: Mapping[str, Any]
    ) -> MindInfo:
        """Keep a mind that could be built; nothing is loaded yet."""
        ...

    async def remove(self, id: str) -> bool:
        """Let go of a mind; false when there is none of that id."""
        ...

    async def set_default(self, id: str) -> MindInfo: ...
    async def load(self, id: str) -> MindInfo: ...
    async def unload(self, id: str) -> MindInfo: ...
    async def bench(self, id: str) -> BenchInfo: ...
    async def recommended(self) -> Sequence[RecommendationInfo]: ...
    async def score(self, text: str) -> ScoreInfo: ...
    async def embed(
        self, texts: Sequence[str], *, by: EmbeddedBy = "WORDS"
    ) -> Sequence[Sequence[float]]:
        """Unit-length vectors as plain floats, in the order of `texts`."""
        ...

    async def patches(self, text: str) -> Sequence[str]: ...
    def complete(self, prompt: Prompt) -> AsyncIterator[Generation]:
        """Pieces of text as they are made, then one `Finished` with no answer."""
        ...
