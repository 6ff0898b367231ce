"""Whether the owner is being served right now: then what works in the background steps back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from selfd_daemon.clock import Monotonic

Listener = Callable[[], None]


class Activity:
    """Counts the questions that are being answered, and tells listeners of each at once."""

    def __init__(self, monotonic: Monotonic) -> None:
        self._monotonic = monotonic
        self._serving = 0
        self._last: float | None = None
        self._listeners: set[Listener] = set()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Count one question for as long as the block runs."""
        self._serving += 1
        self._last = self._monotonic()
        for listener in tuple(self._listeners):
            listener()
        try:
            yield
        finally:
            self._serving -= 1
            self._last = self._monotonic()

    @property
    def quiet_seconds(self) -> float | None:
        """How long nothing was asked: 0 while something is, None before the first question."""
        if self._serving:
            return 0.0
        return None if self._last is None else self._monotonic() - self._last

    @contextmanager
    def heard_by(self, listener: Listener) -> Iterator[None]:
        """Call `listener` at the beginning of each question while the block runs."""
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)
