"""A fake of the port of minds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfd_graphql import (
    BenchInfo,
    Finished,
    Generation,
    MindInfo,
    MindKind,
    Prompt,
    RecommendationInfo,
    ScoreInfo,
    TextPiece,
)
from selfd_graphql.ports import EmbeddedBy
from selfd_storage import NotFoundError
from support.fakes.samples import MIND


@dataclass
class Minds:
    """The mind port: one mind, which says text backwards."""

    prompts: list[Prompt] = field(default_factory=list)
    added: tuple[str, MindKind, str, Mapping[str, Any]] | None = None
    vector: Sequence[float] = (0.6, 0.8)

    async def minds(self) -> Sequence[MindInfo]:
        return [MIND]

    async def mind(self, id: str) -> MindInfo | None:
        return MIND if id == MIND.id else None

    async def add(
        self, *, name: str, kind: MindKind, model: str, options: Mapping[str, Any]
    ) -> MindInfo:
        self.added = (name, kind, model, options)
        return replace(MIND, id="mind:1", name=name, kind=kind, model=model, is_default=False)

    async def remove(self, id: str) -> bool:
        return id == "mind:1"

    async def set_default(self, id: str) -> MindInfo:
        return self._known(id)

    async def load(self, id: str) -> MindInfo:
        return self._known(id)

    async def unload(self, id: str) -> MindInfo:
        return replace(self._known(id), loaded=False)

    async def bench(self, id: str) -> BenchInfo:
        return BenchInfo(self._known(id), 256, 0.01, 0.5, 512.0)

    async def recommended(self) -> Sequence[RecommendationInfo]:
        room = 43_000_000_000
        return [RecommendationInfo("large", "4-bit", room, "it fits", True, 80.0, None, True)]

    def _known(self, id: str) -> MindInfo:
        if id != MIND.id:
            raise NotFoundError("mind", id)
        return MIND

    async def score(self, text: str) -> ScoreInfo:
        return ScoreInfo(len(text.encode()), 16.0, 16.0 / len(text.encode()))

    async def embed(
        self, texts: Sequence[str], *, by: EmbeddedBy = "WORDS"
    ) -> Sequence[Sequence[float]]:
        return [self.vector if by == "WORDS" else self.vector[::-1] for _ in texts]

    async def patches(self, text: str) -> Sequence[str]:
        return text.split()

    async def complete(self, prompt: Prompt) -> AsyncGenerator[Generation, None]:
        self.prompts.append(prompt)
        yield TextPiece(prompt.text[::-1])
        yield Finished(None, None, 7000.0)
