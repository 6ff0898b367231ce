"""Keeping what is stored small and sound."""

from selfd_daemon.upkeep.service import UpkeepService

__all__ = ["UpkeepService"]
