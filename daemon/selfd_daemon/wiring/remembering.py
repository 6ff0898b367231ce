"""Builds what makes more of memories than a list: facts, and reflections on whole episodes."""

from __future__ import annotations

from selfd_daemon.consolidation import ConsolidationService
from selfd_daemon.facts.service import FactService
from selfd_daemon.wiring.foundation import Foundation


def facts(base: Foundation) -> FactService:
    """Read memories and articles for who they name and what they state."""
    service = FactService(base.store, monotonic=base.monotonic)
    base.work("facts", service.run)
    return service


def consolidation(base: Foundation) -> ConsolidationService:
    """Reflect on episodes whenever the job is started, as each night does."""
    return ConsolidationService(base.store, base.jobs, now=base.now)
