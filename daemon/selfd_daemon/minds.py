"""The models that can answer. So far there is one: the built-in mind, which quotes its sources."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import Generation, MindInfo, Prompt, ScoreInfo

BUILTIN_MIND = MindInfo(
    id="mind:builtin",
    name="builtin",
    kind="BUILTIN",
    model="extractive",
    loaded=True,
    is_default=True,
    parameters=None,
    bytes_per_second=None,
)


class MindService:
    """Implements `selfd_graphql.ports.MindPort` for a selfd without a language model."""

    async def minds(self) -> Sequence[MindInfo]:
        """Return every mind, the default one first."""
        return (BUILTIN_MIND,)

    async def mind(self, id: str) -> MindInfo | None:
        """Return one mind, or None when there is none of that id."""
        return BUILTIN_MIND if id == BUILTIN_MIND.id else None

    async def score(self, text: str) -> ScoreInfo:
        """Refuse: there is no model that could predict a text."""
        raise _no_model("a text cannot be scored")

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Refuse: there is no model that embeds."""
        raise _no_model("texts cannot be embedded")

    async def patches(self, text: str) -> Sequence[str]:
        """Refuse: there is no model that patches."""
        raise _no_model("a text cannot be cut into patches")

    async def complete(self, prompt: Prompt) -> AsyncGenerator[Generation, None]:
        """Refuse: there is no model that continues a text."""
        raise _no_model("a text cannot be continued")
        yield  # makes this a generator, as the port wants it


def _no_model(consequence: str) -> ServiceError:
    return ServiceError(
        "MODEL_UNAVAILABLE",
        f"this selfd has no language model, so {consequence}; ask answers by quoting",
    )
