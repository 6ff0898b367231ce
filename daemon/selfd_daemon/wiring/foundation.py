"""What every part of the daemon is built on, and the work that begins once all are built."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from selfd_daemon.background import in_background
from selfd_daemon.bus import EventBus
from selfd_daemon.clock import Monotonic, Now, utc_now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_daemon.metrics import Metrics
from selfd_daemon.nights.activity import Activity
from selfd_daemon.settings import Settings
from selfd_storage import RoomLimits, StorageError, Store, TextEmbedder

log = structlog.get_logger(__name__)

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Foundation:
    """The store, the bus, the jobs and the clocks; `stack` closes what was opened, last first.

    `embedders` are those of the store: one set of weights for whoever compares texts.
    """

    settings: Settings
    version: str
    now: Now
    monotonic: Monotonic
    store: Store
    bus: EventBus
    jobs: JobRunner
    metrics: Metrics
    activity: Activity
    embedders: Sequence[TextEmbedder]
    stack: AsyncExitStack
    _work: list[tuple[str, Work]] = field(default_factory=list)

    def work(self, name: str, work: Work) -> None:
        """Run `work` from the moment that everything is built until the daemon stops."""
        self._work.append((name, work))

    async def start(self) -> None:
        """Tell the log, take up unfinished jobs, and begin the work in the order of its naming."""
        await _note(self.store, "daemon.started", self.version)
        self.stack.push_async_callback(_note, self.store, "daemon.stopping", self.version)
        await self.jobs.resume()
        self.stack.push_async_callback(self.jobs.stop)
        for name, work in self._work:
            await self.stack.enter_async_context(in_background(work(), name))


@asynccontextmanager
async def foundation(
    settings: Settings,
    *,
    version: str,
    now: Now = utc_now,
    monotonic: Monotonic = time.monotonic,
) -> AsyncIterator[Foundation]:
    """Open the data folder; what is built on it is closed before it."""
    async with AsyncExitStack() as stack:
        embedders = shipped_embedders()
        store = await Store.open(
            settings.data_dir,
            now=now,
            keep_events=settings.events.keep,
            limits=RoomLimits(floor=settings.disk.floor_bytes),
            embedders=embedders,
        )
        stack.push_async_callback(store.close)
        bus = EventBus(store)
        await bus.start()
        yield Foundation(
            settings=settings,
            version=version,
            now=now,
            monotonic=monotonic,
            store=store,
            bus=bus,
            jobs=JobRunner(store, now=now, monotonic=monotonic),
            metrics=Metrics(),
            activity=Activity(monotonic),
            embedders=embedders,
            stack=stack,
        )


async def _note(store: Store, kind: str, version: str) -> None:
    """Write the daemon's own life into the log; a full disk must not keep it from living."""
    try:
        await store.events.append(kind, None, {"version": version})
    except StorageError as error:
        log.warning("event not written", kind=kind, error=str(error))
