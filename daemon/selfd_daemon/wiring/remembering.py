"""Builds what makes more of memories than a list: facts, and reflections on whole episodes."""

from __future__ import annotations

from selfd_daemon.consolidation import ConsolidationService
from selfd_daemon.facts.casing import Casing
from selfd_daemon.facts.proposing import Proposing
from selfd_daemon.facts.service import FactService
from selfd_daemon.minds import MindService, model_ships
from selfd_daemon.wiring.foundation import Foundation


def facts(base: Foundation, minds: MindService) -> FactService:
    """Read memories and articles for who they name and what they state."""
    casing = Casing(minds.surprise) if model_ships() else None
    service = FactService(base.store, casing=casing, monotonic=base.monotonic)
    base.work("facts", service.run)
    return service


def consolidation(base: Foundation, facts: FactService, minds: MindService) -> ConsolidationService:
    """Reflect on episodes, and have a mind propose facts, whenever the job is started."""
    proposing = Proposing(base.store, facts, minds, monotonic=base.monotonic)
    return ConsolidationService(base.store, base.jobs, now=base.now, propose=proposing.run)
