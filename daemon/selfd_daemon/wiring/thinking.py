"""Builds what thinks: the minds, the memories that surprise them, and the answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from selfd_daemon.answering import AnsweringService, Specialist
from selfd_daemon.answering.cache import Lookup
from selfd_daemon.answering.specialists.changed import Changed
from selfd_daemon.answering.specialists.disputed import Disputed
from selfd_daemon.answering.specialists.introspective import Introspective
from selfd_daemon.answering.specialists.news import News
from selfd_daemon.clock import Monotonic
from selfd_daemon.facts.service import FactService
from selfd_daemon.knowledge.service import KnowledgeService
from selfd_daemon.memory import MemoryService, Surprises
from selfd_daemon.metrics import Metrics
from selfd_daemon.minds import MindService, load_model, model_ships
from selfd_daemon.nights import Activity, Lineage
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.self_model import SelfModelService
from selfd_daemon.settings import Settings
from selfd_daemon.wiring.foundation import Foundation
from selfd_graphql.ports import Generation, Prompt, Question
from selfd_storage import AnswerRecord, Store


class MeteredAnswering(AnsweringService):
    """The same answers, counted; whatever trains stands still while one is made."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        metrics: Metrics,
        activity: Activity,
        monotonic: Monotonic,
        minds: MindService,
        first: Sequence[Specialist],
    ) -> None:
        super().__init__(
            store,
            settings.answering,
            monotonic=monotonic,
            embed=minds.embed,
            minds=minds,
            first=first,
        )
        self._metrics = metrics
        self._activity = activity

    async def ask(self, question: Question) -> AnswerRecord:
        """Answer as ever."""
        with self._activity.serving():
            return await super().ask(question)

    async def generate(self, question: Question) -> AsyncGenerator[Generation, None]:
        """Yield as ever; closing this closes the generation."""
        with self._activity.serving():
            async with aclosing(self._metrics.generating(super().generate(question))) as made:
                async for event in made:
                    yield event

    def looked_up(self, how: Lookup, saved: float) -> None:
        """Count the answers that were given again, and the time that this saved."""
        self._metrics.looked_up(how, saved)


class MeteredMinds(MindService):
    """The same minds; whatever trains stands still while one continues a text."""

    def __init__(self, base: Foundation, lineage: Lineage, adapters: Adapters) -> None:
        super().__init__(
            base.store,
            base.settings.minds,
            offline=base.settings.offline,
            model=lambda: load_model(lineage.serving),
            now=base.now,
            monotonic=base.monotonic,
            adapter=adapters.serving,
        )
        self._activity = base.activity

    async def complete(self, prompt: Prompt) -> AsyncGenerator[Generation, None]:
        """Continue as ever; closing this stops the mind."""
        with self._activity.serving():
            async with aclosing(super().complete(prompt)) as made:
                async for event in made:
                    yield event


def minds(base: Foundation, lineage: Lineage, adapters: Adapters) -> MindService:
    """Load the weights that serve when the built-in model is first asked for."""
    service = MeteredMinds(base, lineage, adapters)
    base.stack.push_async_callback(service.close)
    base.work("minds", service.run)
    return service


def memories(base: Foundation, minds: MindService) -> MemoryService:
    """Remember, and measure in passing how much each memory surprises the built-in model."""
    if model_ships():
        surprises = Surprises(base.store, minds.surprise, monotonic=base.monotonic)
        base.work("surprise", surprises.run)
    return MemoryService(base.store, base.bus, base.settings.memory)


def answering(
    base: Foundation,
    minds: MindService,
    self_model: SelfModelService,
    knowledge: KnowledgeService,
    facts: FactService,
) -> MeteredAnswering:
    """Answer from what is stored; the self-model and the news answer what is asked of them."""
    threshold = base.settings.answering.threshold
    news = News(base.store, knowledge, now=base.now, threshold=threshold)
    disputed = Disputed(base.store, knowledge, threshold=threshold)
    changed = Changed(base.store, facts, now=base.now, threshold=threshold)
    return MeteredAnswering(
        base.store,
        base.settings,
        base.metrics,
        base.activity,
        base.monotonic,
        minds,
        [Introspective(self_model.about_self), news, disputed, changed],
    )
