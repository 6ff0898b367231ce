"""DaemonError
└── NothingToDoError    a job found nothing to do; it ends well, and tells why
"""

from __future__ import annotations

from selfd_daemon.errors import DaemonError


class NothingToDoError(DaemonError):
    """A job found nothing to do: no new text to learn from, nobody to teach. That is no failure."""
