"""What every resolver is given: the services, and loaders that live for one operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypeAlias, TypedDict, TypeVar

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.extensions import SchemaExtension

from selfd_graphql.execution.observation import Observe
from selfd_graphql.execution.results import SharedResults
from selfd_graphql.ports import MindInfo, MindPort, Services
from selfd_storage import FeedRecord, Item, SourceQuote, TellingRecord

T = TypeVar("T")

# Given an Authorization header and the text of a document, says whether it may be run.
Permits: TypeAlias = Callable[[str | None, str], bool]

BATCH = 500  # ids in one read; SQLite takes at most 32,766 parameters


class Loaders:
    """Reads by id, gathered into one call per tick.

    Nothing is kept between ticks: a mutation or the next event of a subscription reads afresh.
    """

    def __init__(self, services: Services) -> None:
        self.feeds: DataLoader[str, FeedRecord | None] = _loader(services.feeds.by_ids)
        self.items: DataLoader[str, Item | None] = _loader(services.system.items)
        self.quotes: DataLoader[str, Sequence[SourceQuote]] = _loader(services.memories.quotes)
        self.tellings: DataLoader[str, Sequence[TellingRecord]] = _loader(
            services.memories.tellings
        )
        self.minds: DataLoader[str, MindInfo | None] = _loader(_minds_by_ids(services.minds))


class Context(TypedDict):
    """`info.context`; over a WebSocket all but the loaders is shared by the whole connection."""

    services: Services
    authorization: str | None  # the request's header, for a WebSocket that of its handshake
    observe: NotRequired[Observe | None]
    permits: NotRequired[Permits | None]  # None: whoever came in may send anything
    shared: NotRequired[SharedResults]
    loaders: NotRequired[Loaders]
    connection_params: NotRequired[Mapping[str, Any]]


Info: TypeAlias = strawberry.Info[Context, None]


class FreshLoaders(SchemaExtension):
    """Give each operation its own loaders, also where a socket shares one context."""

    def on_operation(self) -> Iterator[None]:
        """Replace the context by a copy with new loaders."""
        context: Context = self.execution_context.context
        loaders = Loaders(context["services"])
        self.execution_context.context = {**context, "loaders": loaders}
        yield


def shown_authorization(context: Context) -> str | None:
    """Return what a client showed: over a WebSocket its connection_init goes before its handshake.

    A script in a browser can only send it there.
    """
    shown = context.get("connection_params", {}).get("authorization", context["authorization"])
    return shown if isinstance(shown, str) else None


def services(info: Info) -> Services:
    """Return the services that the daemon wired."""
    return info.context["services"]


def loaders(info: Info) -> Loaders:
    """Return this operation's loaders."""
    return info.context["loaders"]


def _loader(
    fetch: Callable[[Sequence[str]], Awaitable[Sequence[T]]],
) -> DataLoader[str, T]:
    async def load(keys: list[str]) -> list[T]:
        wanted = list(dict.fromkeys(keys))
        found = dict(zip(wanted, await fetch(wanted), strict=True))
        return [found[key] for key in keys]

    return DataLoader(load, max_batch_size=BATCH, cache=False)


def _minds_by_ids(
    minds: MindPort,
) -> Callable[[Sequence[str]], Awaitable[Sequence[MindInfo | None]]]:
    async def fetch(ids: Sequence[str]) -> list[MindInfo | None]:
        return [await minds.mind(id) for id in ids]

    return fetch
