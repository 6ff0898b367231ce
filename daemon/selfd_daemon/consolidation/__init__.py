"""Consolidation: what an episode came to, in the words of its own memories."""

from selfd_daemon.consolidation.service import ConsolidationService

__all__ = ["ConsolidationService"]
