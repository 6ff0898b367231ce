"""Text on its way out of a mind: whole characters, no more than asked for, nothing after a stop."""

from __future__ import annotations

import codecs

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.door import Ended, Reason, Request
from selfd_daemon.minds.errors import MindFieldError

HOTTEST = 10.0


class Telling:
    """What of a mind's pieces may be told, and how it ended.

    `over` is None while more may be told, and then why not. A mind that gives bytes keeps to
    `max_bytes` itself: what is no character is told as one that is longer.
    """

    def __init__(self, request: Request, clock: Monotonic) -> None:
        """Begin to count the time.   Raises: MindFieldError: the request is out of range."""
        _check(request)
        self._request = request
        self._clock = clock
        self._began = clock()
        self._first: float | None = None
        self._bytes = 0
        self._counts = True
        self._held = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.over: Reason | None = None

    def take(self, piece: str | bytes) -> str:
        """Return what can be told now that a piece has come."""
        if isinstance(piece, bytes):
            self._counts = False
            self._bytes += len(piece)
            text = self._decoder.decode(piece)
        else:
            text = piece
        return self._told(self._held + text, final=False)

    def rest(self) -> str:
        """Return what was held back, once nothing more comes."""
        return self._told(self._held + self._decoder.decode(b"", final=True), final=True)

    def ended(
        self, *, acceptance: float | None = None, error: str | None = None, reason: Reason = "stop"
    ) -> Ended:
        """Say how it ended: cut, where there is an error; else as `over` says, or by `reason`."""
        now = self._clock()
        return Ended(
            reason="cut" if error is not None else self.over or reason,
            bytes=self._bytes,
            first=(self._first if self._first is not None else now) - self._began,
            seconds=now - self._began,
            acceptance=acceptance,
            error=error,
        )

    def _told(self, text: str, *, final: bool) -> str:
        if self.over is not None:
            return ""
        self._held = ""
        found = [at for stop in self._request.stop if (at := text.find(stop)) >= 0]
        if found:
            text, self.over = text[: min(found)], "stop"
        elif not final:
            held = self._may_begin_a_stop(text)
            text, self._held = text[: len(text) - held], text[len(text) - held :]
        if self._counts:
            text = self._cut(text)
        if text and self._first is None:
            self._first = self._clock()
        return text

    def _cut(self, text: str) -> str:
        """Return as many characters as there is room for."""
        data = text.encode("utf-8", "replace")
        left = self._request.max_bytes - self._bytes
        if len(data) > left or (len(data) == left and self.over is None):
            text, self.over = data[:left].decode("utf-8", "ignore"), "length"
            data = text.encode()
        self._bytes += len(data)
        return text

    def _may_begin_a_stop(self, text: str) -> int:
        """Return how many characters at the end may be the first ones of a stop."""
        longest = max(map(len, self._request.stop), default=0)
        for length in range(min(longest - 1, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._request.stop):
                return length
        return 0


def _check(request: Request) -> None:
    if request.max_bytes < 1:
        raise MindFieldError(f"maxBytes must be at least 1, got {request.max_bytes}")
    if not 0.0 <= request.temperature <= HOTTEST:
        raise MindFieldError(f"temperature must be 0 to {HOTTEST:.0f}, got {request.temperature}")
    if not request.messages:
        raise MindFieldError("there is nothing to answer: give at least one message")
