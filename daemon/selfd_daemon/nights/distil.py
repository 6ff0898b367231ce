"""Lessons for the built-in model: a larger mind of the owner's goes on from the owner's own words.

What it writes is a text to learn from, held out and judged like any other. A lesson is known by the
items that it began from, so that forgetting one of them unlearns what was taught from it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Protocol

from selfd_daemon.minds import Delta, Made, Message, Mind, MindError, Priority, Request
from selfd_daemon.nights.dataset import DataSet, Passage, checked, gather, split
from selfd_daemon.nights.errors import SkippedError
from selfd_graphql.ports import MindInfo
from selfd_storage import Store

LESSONS = 60
BEGINNING = 240  # characters of the owner's words
CONTINUED = 720  # bytes by the mind


class Minds(Protocol):
    """The minds that there are; `MindService` is one."""

    async def minds(self) -> Sequence[MindInfo]: ...
    async def open(self, id: str | None = None) -> Mind: ...


class Lessons:
    """Implements `finetune.Source`."""

    def __init__(self, store: Store, minds: Minds) -> None:
        self._store = store
        self._minds = minds

    async def __call__(self, *, since: datetime | None, until: datetime, articles: bool) -> DataSet:
        """Have the newest texts continued by the default mind, or else by any that is larger.

        Raises:
            SkippedError: there is no larger mind, it cannot be had, or there is too little text.
        """
        others = [mind for mind in await self._minds.minds() if mind.kind != "BUILTIN"]
        if not others:
            raise SkippedError("there is no larger mind to learn from: selfd minds add makes one")
        teacher = next((mind for mind in others if mind.is_default), others[0])
        own = await gather(self._store, since=since, until=until, articles=articles)
        try:
            mind = await self._minds.open(teacher.id)
            lessons = [await _lesson(mind, each) for each in own.learned[-LESSONS:]]
        except MindError as error:
            raise SkippedError(f"{teacher.name} cannot teach now: {error}") from error
        return checked(split([each for each in lessons if each is not None], until))


async def _lesson(mind: Mind, passage: Passage) -> Passage | None:
    beginning = passage.text[:BEGINNING]
    request = Request(
        (Message("user", beginning),),
        max_bytes=CONTINUED,
        temperature=0.7,
        seed=0,
        raw=True,
        priority=Priority.NIGHT,
    )
    said = await _said(mind.generate(request))
    if not said.strip():
        return None
    return Passage(
        f"lesson {passage.group}", passage.at, passage.told, beginning + said, passage.items
    )


async def _said(made: AsyncGenerator[Made, None]) -> str:
    async with aclosing(made) as events:
        return "".join([event.text async for event in events if isinstance(event, Delta)])
