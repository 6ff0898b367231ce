"""A mind that writes what a test tells it to, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from selfd_daemon.minds import BUILTIN_MIND, Delta, Ended, Limits, Made, Request
from selfd_daemon.minds.door import Ability, Reason
from selfd_daemon.minds.errors import MindAbilityError
from selfd_graphql.ports import MindInfo, ScoreInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

INFO = replace(BUILTIN_MIND, id="mind:1", name="scripted", kind="HTTP", model="m", is_default=True)


@dataclass
class ScriptedMind:
    """Says `pieces`, whatever it is asked; `requests` are what it was asked."""

    pieces: Sequence[str | Exception] = ()
    chats: bool = True
    cut: str | None = None
    support: Mapping[str, float] = field(default_factory=dict)
    bits: Callable[[str, str], float] | None = None
    context_bytes: int = 8000
    requests: list[Request] = field(default_factory=list)
    closed: int = 0

    async def limits(self) -> Limits:
        abilities: list[Ability] = ["chat"] if self.chats else []
        if self.bits is not None:
            abilities.append("score")
        return Limits(self.context_bytes, frozenset(abilities))

    async def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        self.requests.append(request)
        size = 0
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                size += len(piece.encode())
                yield Delta(piece)
            reason: Reason = "stop" if self.cut is None else "cut"
            yield Ended(reason, size, 0.01, 0.02, error=self.cut, support=self.support)
        finally:
            self.closed += 1

    async def score(self, text: str, after: str = "") -> ScoreInfo:
        if self.bits is None:
            raise MindAbilityError("it cannot score")
        bits = self.bits(text, after)
        return ScoreInfo(len(text), bits, bits / max(1, len(text)))

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        raise MindAbilityError("it cannot embed")

    async def next_byte(self, text: bytes) -> NDArray[np.float64]:
        raise MindAbilityError("it has no bytes")


@dataclass
class ScriptedMinds:
    """One scripted mind, which is the default, beside the built-in one."""

    scripted: ScriptedMind
    info: MindInfo = INFO

    async def minds(self) -> Sequence[MindInfo]:
        return (self.info, replace(BUILTIN_MIND, is_default=False))

    async def default(self) -> MindInfo:
        return self.info if self.info.is_default else BUILTIN_MIND

    async def mind(self, id: str) -> MindInfo | None:
        return next((each for each in await self.minds() if each.id == id), None)

    async def open(self, id: str | None = None) -> ScriptedMind:
        return self.scripted
