"""The door to every model: what a mind is asked, what it gives, and what it can do.

A generation is an asynchronous iterator of `Delta`s with one `Ended` at its end; closing it stops
the model. What goes wrong before the first byte is raised, as one of `errors.py`; after it, the
text so far is kept and `Ended` says `cut` and why, so that nobody takes a part for the whole.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias, runtime_checkable

from selfd_graphql.ports import ScoreInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Role: TypeAlias = Literal["system", "user", "assistant"]
Reason: TypeAlias = Literal["stop", "length", "cut"]
"""The mind had no more to say; `max_bytes` was reached; it broke off, and `error` says why."""
Method: TypeAlias = Literal["VOTE", "WEIGHTED", "CONSENSUS", "HYBRID", "BYTE"]
Ability: TypeAlias = Literal["chat", "score", "embed", "next_byte"]
"""`chat`: it follows what it is told. A mind without it only continues a text."""


class Priority(IntEnum):
    """Who waits: a lower number goes first."""

    PERSON = 0
    AGENT = 1
    NIGHT = 2


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what a mind is given to read."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a mind is asked for.

    messages: at least one, the last one to be answered. raw: continue the joined texts as they are,
    with no template of a chat. stop: texts that end the answer and do not belong to it. client:
    whose share of the mind this is; requests of one client share one. seed: None draws one.
    """

    messages: tuple[Message, ...]
    max_bytes: int = 2048
    temperature: float = 0.0
    seed: int | None = None
    raw: bool = False
    stop: tuple[str, ...] = ()
    priority: Priority = Priority.PERSON
    client: str = ""
    method: Method | None = None
    speculative: bool = False

    @property
    def text(self) -> str:
        """The texts of all messages, one after the other."""
        return "\n\n".join(message.text for message in self.messages)


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of text as it is made: whole characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a generation ended.

    bytes: that were given. first: seconds to the first of them. seconds: in all. acceptance: the
    share of bytes accepted from drafts, None where nothing was drafted. error: why it was cut.
    support: for an ensemble, each member's share in the answer by its id, in [0, 1].
    """

    reason: Reason
    bytes: int
    first: float
    seconds: float
    acceptance: float | None = None
    error: str | None = None
    support: Mapping[str, float] = field(default_factory=dict)

    @property
    def bytes_per_second(self) -> float:
        """Give the speed over the whole generation."""
        return self.bytes / max(self.seconds, 1e-6)


Made: TypeAlias = Delta | Ended


@dataclass(frozen=True, slots=True)
class Limits:
    """What a mind takes and can do. `context_bytes`: of prompt and answer, as far as is known."""

    context_bytes: int
    abilities: frozenset[Ability]

    @property
    def chats(self) -> bool:
        """Whether it follows what it is told, and so can write an answer."""
        return "chat" in self.abilities


class Mind(Protocol):
    """A model behind the door. What it cannot do raises `MindAbilityError`."""

    async def limits(self) -> Limits: ...

    def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        """Yield the text as it is made, then one `Ended`; closing this stops the model."""
        ...

    async def score(self, text: str, after: str = "") -> ScoreInfo:
        """Say how well the mind predicts a text that follows `after`."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector of unit length for each text."""
        ...

    async def next_byte(self, text: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after a text: (256,), its sum 1."""
        ...


@runtime_checkable
class Speller(Protocol):
    """A mind that can be read byte by byte where it answers, by its own template of a chat."""

    async def spell(self, request: Request, said: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after what was said in answer to a request, and last
        that the answer ends there: (257,), its sum 1.
        """
        ...
