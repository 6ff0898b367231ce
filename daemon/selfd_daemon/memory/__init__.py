"""Remembering, changing and forgetting, on behalf of the API."""

from selfd_daemon.memory.service import MemoryService

__all__ = ["MemoryService"]
