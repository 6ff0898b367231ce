"""AnsweringError
└── SumError    a sum has no result, or too large a one
"""

from __future__ import annotations

from selfd_daemon.errors import DaemonError


class AnsweringError(DaemonError):
    """Base of what can go wrong while an answer is made."""


class SumError(AnsweringError):
    """A sum has no result, or too large a one; the message is for the person who asked."""
