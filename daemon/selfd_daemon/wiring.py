"""The one place where everything is built, connected, started and stopped."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from selfd_daemon.answering import AnsweringService
from selfd_daemon.background import in_background
from selfd_daemon.backups import BackupService
from selfd_daemon.bus import EventBus
from selfd_daemon.clock import Monotonic, Now, utc_now
from selfd_daemon.documents.service import DocumentService
from selfd_daemon.engrams import EngramService
from selfd_daemon.feeds.service import FeedService
from selfd_daemon.jobs import JobRunner
from selfd_daemon.knowledge.service import KnowledgeService
from selfd_daemon.memory import MemoryService, Surprises
from selfd_daemon.metrics import Metrics
from selfd_daemon.minds import MindService, model_ships
from selfd_daemon.portability import PortabilityService
from selfd_daemon.settings import Settings
from selfd_daemon.system import SystemService
from selfd_graphql.ports import Generation, Question
from selfd_storage import RoomLimits, StorageError, Store

log = structlog.get_logger(__name__)

BACKEND = "numpy"


class MeteredAnswering(AnsweringService):
    """The same answers, with the generations that are alive counted."""

    def __init__(self, store: Store, settings: Settings, metrics: Metrics, monotonic: Monotonic):
        super().__init__(store, settings.answering, monotonic=monotonic)
        self._metrics = metrics

    def generate(self, question: Question) -> AsyncGenerator[Generation, None]:
        """Yield as ever; closing this closes the generation."""
        return self._metrics.generating(super().generate(question))


@dataclass(frozen=True, slots=True)
class Daemon:
    """Everything that runs; it satisfies `selfd_graphql.ports.Services`."""

    memories: MemoryService
    search: Store
    documents: DocumentService
    engrams: EngramService
    feeds: FeedService
    knowledge: KnowledgeService
    answering: MeteredAnswering
    minds: MindService
    jobs: JobRunner
    events: EventBus
    portability: PortabilityService
    system: SystemService
    metrics: Metrics

    def end_streams(self) -> None:
        """Let every subscription come to its end, as the first step of a stop."""
        self.events.close()
        self.jobs.close_streams()


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    version: str,
    now: Now = utc_now,
    monotonic: Monotonic = time.monotonic,
) -> AsyncIterator[Daemon]:
    """Build everything over the data folder, start it, and stop it in the opposite order."""
    async with AsyncExitStack() as stack:
        store = await Store.open(
            settings.data_dir,
            now=now,
            keep_events=settings.events.keep,
            limits=RoomLimits(floor=settings.disk.floor_bytes),
        )
        stack.push_async_callback(store.close)
        bus = EventBus(store)
        await bus.start()
        jobs = JobRunner(store, now=now, monotonic=monotonic)
        documents = DocumentService(
            store,
            jobs,
            settings.documents,
            data_folder=settings.data_dir,
            monotonic=monotonic,
        )
        stack.push_async_callback(documents.close)
        feeds = FeedService(store, bus, jobs, settings, now=now, version=version)
        stack.push_async_callback(feeds.close)
        knowledge = KnowledgeService(store, now=now, keep=timedelta(days=settings.feeds.keep_days))
        metrics = Metrics()
        minds = MindService(monotonic=monotonic)
        stack.callback(minds.close)
        backups = BackupService(store, jobs, settings.folder, settings.backup, now=now)
        system = SystemService(
            store,
            jobs,
            minds,
            backups,
            version=version,
            backend=BACKEND,
            monotonic=monotonic,
        )
        daemon = Daemon(
            memories=MemoryService(store, bus, settings.memory),
            search=store,
            documents=documents,
            engrams=EngramService(store, jobs, settings.folder, now=now),
            feeds=feeds,
            knowledge=knowledge,
            answering=MeteredAnswering(store, settings, metrics, monotonic),
            minds=minds,
            jobs=jobs,
            events=bus,
            portability=PortabilityService(store, jobs, settings.folder, now=now),
            system=system,
            metrics=metrics,
        )
        await _note(store, "daemon.started", version)
        stack.push_async_callback(_note, store, "daemon.stopping", version)
        await jobs.resume()
        stack.push_async_callback(jobs.stop)
        await stack.enter_async_context(in_background(knowledge.run(), "knowledge"))
        await stack.enter_async_context(in_background(knowledge.tidy(), "retention"))
        await stack.enter_async_context(in_background(feeds.run(), "feeds"))
        if model_ships():
            surprises = Surprises(store, minds.surprise, monotonic=monotonic)
            await stack.enter_async_context(in_background(surprises.run(), "surprise"))
        await stack.enter_async_context(in_background(backups.run(), "backups"))
        stack.callback(daemon.end_streams)
        yield daemon


async def _note(store: Store, kind: str, version: str) -> None:
    """Write the daemon's own life into the log; a full disk must not keep it from living."""
    try:
        await store.events.append(kind, None, {"version": version})
    except StorageError as error:
        log.warning("event not written", kind=kind, error=str(error))
