"""Facts in time: what memories and articles state, from when until when, in whose words."""

from selfd_daemon.facts.reading import read_statements

__all__ = ["read_statements"]
