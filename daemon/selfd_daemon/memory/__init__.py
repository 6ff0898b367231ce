"""Remembering, changing and forgetting, on behalf of the API."""

from selfd_daemon.memory.service import MemoryService
from selfd_daemon.memory.surprise import Surprises

__all__ = ["MemoryService", "Surprises"]
