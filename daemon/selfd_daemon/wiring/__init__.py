"""The one place where everything is built, connected, started and stopped.

Each module builds the parts of one topic on the `Foundation`; `running` puts them together.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from selfd_daemon.bus import EventBus
from selfd_daemon.clock import Monotonic, Now, utc_now
from selfd_daemon.documents.service import DocumentService
from selfd_daemon.engrams import EngramService
from selfd_daemon.facts.service import FactService
from selfd_daemon.feeds.articles import ArticleService
from selfd_daemon.feeds.service import FeedService
from selfd_daemon.jobs import JobRunner
from selfd_daemon.knowledge.service import KnowledgeService
from selfd_daemon.memory import MemoryService
from selfd_daemon.metrics import Metrics
from selfd_daemon.minds import MindService
from selfd_daemon.nights import NightService
from selfd_daemon.portability import PortabilityService
from selfd_daemon.self_model import SelfModelService
from selfd_daemon.settings import Settings
from selfd_daemon.system import SystemService
from selfd_daemon.wiring import keeping, knowing, reading, remembering, teaching, thinking
from selfd_daemon.wiring.foundation import foundation
from selfd_daemon.wiring.teaching import RAILS, Rails
from selfd_daemon.wiring.thinking import MeteredAnswering
from selfd_storage import Store

__all__ = ["Daemon", "Rails", "running"]


@dataclass(frozen=True, slots=True)
class Daemon:
    """Everything that runs; it satisfies `selfd_graphql.ports.Services`."""

    memories: MemoryService
    search: Store
    documents: DocumentService
    engrams: EngramService
    feeds: FeedService
    articles: ArticleService
    knowledge: KnowledgeService
    graph: FactService
    answering: MeteredAnswering
    minds: MindService
    jobs: JobRunner
    nights: NightService
    events: EventBus
    portability: PortabilityService
    system: SystemService
    self_model: SelfModelService
    metrics: Metrics

    def end_streams(self) -> None:
        """Let every subscription come to its end, as the first step of a stop."""
        self.events.close()
        self.jobs.close_streams()
        self.self_model.close_streams()


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    version: str,
    now: Now = utc_now,
    monotonic: Monotonic = time.monotonic,
    rails: Rails = RAILS,
) -> AsyncIterator[Daemon]:
    """Build everything over the data folder, start it, and stop it in the opposite order."""
    async with foundation(settings, version=version, now=now, monotonic=monotonic) as base:
        lineage = await teaching.lineage(base, rails)
        adapters = teaching.adapters(base)
        minds = thinking.minds(base, lineage, adapters)
        system = keeping.system(base, minds, lineage)
        self_model = knowing.self_model(base, minds, system, lambda: lineage.serving)
        keeping.upkeep(base)
        graph = remembering.facts(base, minds)
        remembering.consolidation(base, graph, minds)
        feeds = reading.feeds(base)
        knowledge = reading.knowledge(base)
        answering = thinking.answering(base, minds, self_model, knowledge, graph)
        daemon = Daemon(
            memories=thinking.memories(base, minds),
            search=base.store,
            documents=reading.documents(base),
            engrams=reading.engrams(base),
            feeds=feeds,
            articles=reading.articles(base, feeds),
            knowledge=knowledge,
            graph=graph,
            answering=answering,
            minds=minds,
            jobs=base.jobs,
            nights=teaching.nights(base, minds, lineage, adapters, answering, rails),
            events=base.bus,
            portability=keeping.portability(base, lineage, adapters),
            system=system,
            self_model=self_model,
            metrics=base.metrics,
        )
        await base.start()
        base.stack.callback(daemon.end_streams)
        yield daemon
