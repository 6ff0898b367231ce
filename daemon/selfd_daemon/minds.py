"""The models that can answer. So far there is one: the built-in mind, which quotes its sources."""

from __future__ import annotations

from collections.abc import Sequence

from selfd_graphql.ports import MindInfo

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
    """Implements `selfd_graphql.ports.MindPort`."""

    async def minds(self) -> Sequence[MindInfo]:
        """Return every mind, the default one first."""
        return (BUILTIN_MIND,)

    async def mind(self, id: str) -> MindInfo | None:
        """Return one mind, or None when there is none of that id."""
        return BUILTIN_MIND if id == BUILTIN_MIND.id else None
