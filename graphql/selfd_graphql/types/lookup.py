"""Finding anything by its id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from strawberry import ID

from selfd_graphql import described
from selfd_graphql.context import Info, loaders, services
from selfd_graphql.node import Node
from selfd_graphql.types.answers import Answer
from selfd_graphql.types.conversations import Conversation
from selfd_graphql.types.engrams import Engram
from selfd_graphql.types.feeds import Feed
from selfd_graphql.types.goals import Goal
from selfd_graphql.types.jobs import Job
from selfd_graphql.types.minds import Mind
from selfd_graphql.types.nights import Checkpoint
from selfd_graphql.types.search import hit_from_record


async def _item(info: Info, id: str) -> Node | None:
    record = await loaders(info).items.load(id)
    return None if record is None else hit_from_record(record)


async def _feed(info: Info, id: str) -> Node | None:
    record = await loaders(info).feeds.load(id)
    return None if record is None else Feed.from_record(record)


async def _answer(info: Info, id: str) -> Node | None:
    (record,) = await services(info).system.answers([id])
    return None if record is None else Answer.from_record(record)


async def _conversation(info: Info, id: str) -> Node | None:
    record = await services(info).answering.conversation(id)
    return None if record is None else Conversation.from_record(record)


async def _job(info: Info, id: str) -> Node | None:
    record = await services(info).jobs.job(id)
    return None if record is None else Job.from_record(record)


async def _engram(info: Info, id: str) -> Node | None:
    record = await services(info).engrams.get(id)
    return None if record is None else Engram.from_record(record)


async def _checkpoint(info: Info, id: str) -> Node | None:
    known = await services(info).nights.checkpoints()
    record = next((each for each in known if each.id == id), None)
    return None if record is None else Checkpoint.from_record(record)


async def _goal(info: Info, id: str) -> Node | None:
    record = await services(info).self_model.goal(id)
    return None if record is None else Goal.from_record(record)


async def _mind(info: Info, id: str) -> Node | None:
    record = await loaders(info).minds.load(id)
    return None if record is None else Mind.from_record(record)


# Ids are `kind:number`; clients take them as they come.
FINDERS: dict[str, Callable[[Info, str], Awaitable[Node | None]]] = {
    "memory": _item,
    "article": _item,
    "chunk": _item,
    "thought": _item,
    "goal": _goal,
    "engram": _engram,
    "checkpoint": _checkpoint,
    "feed": _feed,
    "answer": _answer,
    "conversation": _conversation,
    "job": _job,
    "mind": _mind,
}


@described.output
class NodeQuery:
    """Looking something up."""

    @described.field
    async def node(self, info: Info, id: ID) -> Node | None:
        """Anything by its id, or null when there is nothing with it."""
        find = FINDERS.get(id.partition(":")[0])
        return None if find is None else await find(info, id)
