"""Everything out into open formats, and in again."""

from selfd_daemon.portability.service import PortabilityService

__all__ = ["PortabilityService"]
