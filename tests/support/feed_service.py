"""A feed service over a real store, with a clock that tests move; every name is loopback."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from selfd_daemon.bus import EventBus
from selfd_daemon.feeds.fetching.network import Resolve
from selfd_daemon.feeds.service import FeedService
from selfd_daemon.jobs import JobRunner
from selfd_daemon.settings import FeedSettings, Settings
from selfd_storage import ArticleRecord, FeedRecord, JobRecord, Store

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # a Monday


class Clock:
    """The time as the test has it; `sleep` lets it pass at once."""

    def __init__(self, start: datetime = START) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        self.now += timedelta(**span)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.now += timedelta(seconds=seconds)


async def to_loopback(host: str, port: int) -> Sequence[str]:
    """Resolve every name to this machine."""
    return ["127.0.0.1"]


@dataclass
class Running:
    """The service and what it stands on."""

    service: FeedService
    store: Store
    bus: EventBus
    jobs: JobRunner
    clock: Clock

    async def poll(self, ids: Sequence[str] | None = None) -> JobRecord:
        """Poll now, and wait for the job to end."""
        job = await self.service.poll(ids)
        async for record in self.jobs.progress(job.id):
            job = record
        return job

    async def feed(self, id: str) -> FeedRecord:
        found = (await self.store.feeds.get([id]))[0]
        assert found is not None
        return found

    async def articles(self) -> Sequence[ArticleRecord]:
        page = await self.service.articles(first=100, after=None, feed_id=None, since=None)
        return page.items


@contextlib.asynccontextmanager
async def running_feeds(
    folder: Path,
    *,
    clock: Clock | None = None,
    allow: Sequence[str] = ("127.0.0.1",),
    feeds: Mapping[str, Any] | None = None,
    offline: bool = False,
    resolve: Resolve = to_loopback,
    is_metered: Callable[[], bool | None] = lambda: None,
) -> AsyncIterator[Running]:
    """Open the store in `folder` and build the service over it, as the daemon does."""
    clock = clock or Clock()
    settings = Settings(
        data_dir=folder,
        offline=offline,
        feeds=FeedSettings(allow_private=tuple(allow), **(feeds or {})),
    )
    async with await Store.open(folder, now=clock) as store:
        bus = EventBus(store)
        await bus.start()
        jobs = JobRunner(store, now=clock, monotonic=time.monotonic)
        service = FeedService(
            store,
            bus,
            jobs,
            settings,
            now=clock,
            version="test",
            rng=Random(7),
            resolve=resolve,
            sleep=clock.sleep,
            is_metered=is_metered,
        )
        try:
            yield Running(service, store, bus, jobs, clock)
        finally:
            bus.close()
            await jobs.stop()
            jobs.close_streams()
            await service.close()
