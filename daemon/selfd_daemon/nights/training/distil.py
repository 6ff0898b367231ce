"""Lessons for the built-in model: a larger mind of the owner's goes on from the owner's own words.

What it writes is a text to learn from, held out and judged like any other. A mind that can tell
what it expects of each next byte is asked for that, too: the training then moves the built-in model
towards the whole distribution, not only towards the byte that came (Hinton et al. 2015). A lesson
is known by the items that it began from, so that forgetting one of them unlearns what was taught
from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from selfd_daemon.jobs import NothingToDoError
from selfd_daemon.minds import Delta, Made, Message, Mind, MindError, Priority, Request
from selfd_daemon.minds.errors import MindLimitError
from selfd_daemon.nights.errors import TrainingError
from selfd_daemon.nights.training.dataset import DataSet, Passage, checked, gather, split
from selfd_graphql.ports import MindInfo
from selfd_storage import Store

LESSONS = 60
BEGINNING = 240  # characters of the owner's words
CONTINUED = 720  # bytes by the mind


class Minds(Protocol):
    """The minds that there are; `MindService` is one."""

    async def minds(self) -> Sequence[MindInfo]: ...
    async def open(self, id: str | None = None) -> Mind: ...


async def at_once() -> None:
    """Wait for nothing."""


class Lessons:
    """Implements `finetune.Source`; before each byte it waits for `free`."""

    def __init__(
        self, store: Store, minds: Minds, free: Callable[[], Awaitable[None]] = at_once
    ) -> None:
        self._store = store
        self._minds = minds
        self._free = free

    async def __call__(self, *, since: datetime | None, until: datetime, articles: bool) -> DataSet:
        """Have the newest texts continued by the default mind, or else by any that is larger.

        Articles are never among them, also where the built-in model may learn from these: what
        strangers wrote is no prompt.

        Raises:
            NothingToDoError: there is no larger mind, or too little text.
            TrainingError: the larger mind cannot be had.
        """
        others = [mind for mind in await self._minds.minds() if mind.kind != "BUILTIN"]
        if not others:
            raise NothingToDoError(
                "there is no larger mind to learn from: selfd models add makes one"
            )
        teacher = next((mind for mind in others if mind.is_default), others[0])
        own = await gather(self._store, since=since, until=until, articles=False)
        try:
            mind = await self._minds.open(teacher.id)
            made = [await self._lesson(mind, each) for each in own.learned[-LESSONS:]]
            lessons = [each for each in made if each is not None]
            if "next_byte" in (await mind.limits()).abilities:
                lessons = [await self._with_expectations(mind, each) for each in lessons]
        except MindError as error:
            raise TrainingError(f"{teacher.name} cannot teach now: {error}") from error
        return checked(split(lessons, until))

    async def _lesson(self, mind: Mind, passage: Passage) -> Passage | None:
        beginning = passage.text[:BEGINNING]
        request = Request(
            (Message("user", beginning),),
            max_bytes=CONTINUED,
            temperature=0.7,
            seed=0,
            raw=True,
            priority=Priority.NIGHT,
        )
        said = await self._said(mind.generate(request))
        if not said.strip():
            return None
        group = f"lesson {passage.group}"
        return Passage(group, passage.at, passage.told, beginning + said, passage.items)

    async def _said(self, made: AsyncGenerator[Made, None]) -> str:
        parts = []
        async with aclosing(made) as events:
            async for event in events:
                if isinstance(event, Delta):
                    parts.append(event.text)
                await self._free()
        return "".join(parts)

    async def _with_expectations(self, mind: Mind, lesson: Passage) -> Passage:
        import numpy as np

        data = lesson.text.encode()
        expected = np.zeros((len(data), 256), np.float16)
        with suppress(MindLimitError):  # what does not fit its context stays unknown
            for at in range(len(data)):
                await self._free()
                expected[at] = await mind.next_byte(data[:at])
        return replace(lesson, expected=expected)


def while_nobody_asks(
    quiet_seconds: Callable[[], float | None], *, least: float
) -> Callable[[], Awaitable[None]]:
    """Return what waits until nothing was asked for `least` seconds."""

    async def free() -> None:
        quiet = quiet_seconds()
        while quiet is not None and quiet < least:
            await asyncio.sleep(least - quiet)
            quiet = quiet_seconds()

    return free
