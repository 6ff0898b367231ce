"""Builds what thinks: the minds, the memories that surprise them, and the answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from selfd_daemon.answering import AnsweringService
from selfd_daemon.clock import Monotonic
from selfd_daemon.memory import MemoryService, Surprises
from selfd_daemon.metrics import Metrics
from selfd_daemon.minds import MindService, model_ships
from selfd_daemon.settings import Settings
from selfd_daemon.wiring.foundation import Foundation
from selfd_graphql.ports import Generation, Question
from selfd_storage import Store


class MeteredAnswering(AnsweringService):
    """The same answers, with the generations that are alive counted."""

    def __init__(self, store: Store, settings: Settings, metrics: Metrics, monotonic: Monotonic):
        super().__init__(store, settings.answering, monotonic=monotonic)
        self._metrics = metrics

    def generate(self, question: Question) -> AsyncGenerator[Generation, None]:
        """Yield as ever; closing this closes the generation."""
        return self._metrics.generating(super().generate(question))


def minds(base: Foundation) -> MindService:
    """Load the built-in model when it is first asked for."""
    service = MindService(monotonic=base.monotonic)
    base.stack.callback(service.close)
    return service


def memories(base: Foundation, minds: MindService) -> MemoryService:
    """Remember, and measure in passing how much each memory surprises the built-in model."""
    if model_ships():
        surprises = Surprises(base.store, minds.surprise, monotonic=base.monotonic)
        base.work("surprise", surprises.run)
    return MemoryService(base.store, base.bus, base.settings.memory)


def answering(base: Foundation) -> MeteredAnswering:
    """Answer from what is stored."""
    return MeteredAnswering(base.store, base.settings, base.metrics, base.monotonic)
