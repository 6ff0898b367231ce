"""How surprising each memory was: bits per byte by the built-in model, filled in afterwards.

Predicting a text costs more than remembering it should take, so that it is done once it has been
quiet for a while, oldest first, and with more rest than work: a large import is measured in time,
and nobody waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog

from selfd_daemon.clock import Monotonic
from selfd_graphql.errors import ServiceError
from selfd_storage import EventRecord, IntegrityError, StorageError, Store

MEASURED_BYTES = 4096  # of a memory's text, from its start
QUIET_SECONDS = 5.0
REST = 3.0  # seconds of rest for each second of work
BATCH = 32

log = structlog.get_logger(__name__)


class Surprises:
    """Measures memories that have no surprise yet, for as long as `run` does."""

    def __init__(
        self,
        store: Store,
        score: Callable[[str], Awaitable[float]],
        *,
        quiet: float = QUIET_SECONDS,
        rest: float = REST,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        self._store = store
        self._score = score
        self._quiet = quiet
        self._rest = rest
        self._monotonic = monotonic
        self._last: str | None = None
        self._news = asyncio.Event()
        self._news.set()  # there may be memories from before
        store.on_commit(self._notice)

    async def run(self) -> None:
        """Measure what comes in until cancelled, or until there is no model to measure with."""
        while True:
            await self._news.wait()
            await self._wait_for_quiet()
            try:
                await self.catch_up()
            except StorageError as error:  # such as a full disk; the next memory tries again
                log.warning("surprise not noted", error=str(error))
            except ServiceError as error:
                log.warning("surprise is not measured", error=str(error))
                return

    async def catch_up(self) -> None:
        """Measure every memory that has no surprise, once."""
        while ids := await self._store.memories.unmeasured(after=self._last, first=BATCH):
            for id in ids:
                started = self._monotonic()
                await self._measure(id)
                self._last = id
                await asyncio.sleep(self._rest * (self._monotonic() - started))

    async def _measure(self, id: str) -> None:
        try:
            (memory,) = await self._store.memories.get([id])
        except IntegrityError:
            return  # a damaged memory is told of where it is read
        if memory is not None:  # it may have been forgotten meanwhile
            text = memory.text.encode()[:MEASURED_BYTES].decode(errors="ignore")
            await self._store.memories.set_surprise(id, await self._score(text))

    async def _wait_for_quiet(self) -> None:
        """Return once no memory has come in for a while."""
        while self._news.is_set():
            self._news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._quiet)

    def _notice(self, events: Sequence[EventRecord]) -> None:
        if any(event.kind == "memory.added" for event in events):
            self._news.set()
