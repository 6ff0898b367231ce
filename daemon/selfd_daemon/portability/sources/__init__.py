"""What other programs leave behind, read as lines of ours."""

from selfd_daemon.portability.sources.recognition import recognised

__all__ = ["recognised"]
