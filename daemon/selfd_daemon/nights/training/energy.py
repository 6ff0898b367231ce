"""What a night's training draws: measured where the machine tells, else estimated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

WATTS_PER_CORE = 8.0  # of a busy core; an estimate for machines that do not tell their power


class Meter:
    """Adds up watt hours; what a running training has used counts at once."""

    def __init__(self) -> None:
        self._before = 0.0
        self._running = 0.0
        self._watts: float | None = None
        self._measured = 0.0
        self._active = False

    @property
    def watt_hours(self) -> float:
        """What was used so far: as measured, or as the processor time suggests."""
        return self._before + max(self._running, self._measured)

    def used(self, processor_seconds: float) -> None:
        """Take the processor time that the running training has used so far."""
        self._running = processor_seconds * WATTS_PER_CORE / 3600.0

    def drew(self, watts: float | None, seconds: float) -> None:
        """Take what the whole machine drew for a while; None where it does not tell."""
        if self._active and watts is not None:
            self._measured += watts * seconds / 3600.0

    @contextmanager
    def measuring(self) -> Iterator[None]:
        """Count what happens in the block as one training."""
        self._active = True
        try:
            yield
        finally:
            self._before, self._running, self._measured = self.watt_hours, 0.0, 0.0
            self._active = False

    def reset(self, watt_hours: float = 0.0) -> None:
        """Begin a night; `watt_hours` were used by it before."""
        self._before, self._running, self._measured = watt_hours, 0.0, 0.0
