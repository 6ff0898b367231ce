"""DaemonError
└── TrainingError            a training ended without a result
    └── SkippedError         a night does without: too little new text, or nothing to train with
"""

from __future__ import annotations

from selfd_daemon.errors import DaemonError

SKIPPED = "skipped"  # how the text of such an error begins, by which a night knows it


class TrainingError(DaemonError):
    """A training ended without a result; what serves was not touched."""


class SkippedError(TrainingError):
    """There is too little to learn from, or nothing here to learn with; a night goes on without."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{SKIPPED}: {why}")
