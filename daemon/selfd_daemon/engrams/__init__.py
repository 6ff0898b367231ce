"""Engrams as the daemon builds them, of folders on this machine."""

from selfd_daemon.engrams.service import EngramService

__all__ = ["EngramService"]
