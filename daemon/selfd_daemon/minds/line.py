"""One thread per mind, and the line before it: fair shares, priorities, and an end to waiting.

Work comes in pieces of some 30 ms. Of those that wait, the highest priority goes first and, among
equals, the client that has had least of the thread's time. Whoever comes anew starts level with
those who are there, and who stays away saves up a second at most. A piece is never interrupted: who
cancels waits for nothing, and the next piece is not begun.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.door import Priority
from selfd_daemon.minds.errors import MindBusyError, MindUnavailableError

PIECE_SECONDS = 0.03  # of work, before others get their turn
CREDIT_SECONDS = 1.0
MOST_OPEN = 64  # requests on one mind; each holds a state in memory

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request stands in line; see `door.Request` for both."""

    priority: Priority = Priority.PERSON
    client: str = ""


@dataclass(order=True, slots=True)
class _Piece:
    priority: int
    spent: float
    number: int
    client: str = field(compare=False)
    work: Callable[[], Any] = field(compare=False)
    done: Future[Any] = field(compare=False)


class Line:
    """A thread, started when it is first needed, and what waits for it."""

    def __init__(
        self, name: str, *, most_open: int = MOST_OPEN, clock: Monotonic = time.perf_counter
    ) -> None:
        self.name = name
        self._most_open = most_open
        self._clock = clock
        self._open = 0
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._waiting: list[_Piece] = []
        self._spent: dict[str, float] = {}
        self._level = dict.fromkeys(Priority, 0.0)  # what those who are served now had spent
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def place(self, priority: Priority = Priority.PERSON, client: str = "") -> Iterator[Place]:
        """Stand in line for one request; without a client it has a share of its own.

        Raises:
            MindBusyError: too many stand there already.
        """
        if self._open >= self._most_open:
            raise MindBusyError(
                f"{self._open} requests are open on mind {self.name!r}, which is all it takes: "
                "try again when some have ended",
                open=self._open,
            )
        self._open += 1
        client = client or f"request {next(self._numbers)}"
        try:
            yield Place(priority, client)
        finally:
            self._open -= 1

    async def run(self, place: Place, work: Callable[..., Result], *arguments: object) -> Result:
        """Do a piece of work on the thread when its turn comes."""
        done: Future[Result] = Future()
        with self._changed:
            if self._closed:
                raise self._gone()
            level = self._level[place.priority]
            spent = max(self._spent.get(place.client, level), level - CREDIT_SECONDS)
            piece = _Piece(
                place.priority,
                spent,
                next(self._numbers),
                place.client,
                lambda: work(*arguments),
                done,
            )
            heapq.heappush(self._waiting, piece)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._serve, name=f"selfd-mind-{self.name}", daemon=True
                )
                self._thread.start()
            self._changed.notify()
        return await asyncio.wrap_future(done)

    def close(self) -> None:
        """Take no more work; a piece that is being worked on is left to end by itself."""
        with self._changed:
            self._closed = True
            for piece in self._waiting:
                if piece.done.set_running_or_notify_cancel():
                    piece.done.set_exception(self._gone())
            self._waiting.clear()
            self._changed.notify()

    def join(self, seconds: float) -> None:
        """After `close`, wait for the thread's end; from another thread than the event loop's."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _gone(self) -> MindUnavailableError:
        return MindUnavailableError(f"mind {self.name!r} was closed: ask again")

    def _serve(self) -> None:
        while (piece := self._next()) is not None:
            if not piece.done.set_running_or_notify_cancel():
                continue
            began = self._clock()
            try:
                result = piece.work()
            except BaseException as error:
                self._charge(piece, self._clock() - began)
                piece.done.set_exception(error)
            else:
                self._charge(piece, self._clock() - began)
                piece.done.set_result(result)
            del piece
        _leave_mlx()

    def _next(self) -> _Piece | None:
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return None
                self._changed.wait()
            piece = heapq.heappop(self._waiting)
            self._level[Priority(piece.priority)] = piece.spent
            return piece

    def _charge(self, piece: _Piece, seconds: float) -> None:
        with self._changed:
            self._spent[piece.client] = piece.spent + seconds
            if len(self._spent) > 4 * self._most_open:  # who is forgotten counts as new
                level = min(self._level.values())
                self._spent = {name: it for name, it in self._spent.items() if it > level}


def _leave_mlx() -> None:
    """Let go of what MLX holds for this thread: it does not do so by itself, and aborts at exit."""
    if (mlx := sys.modules.get("mlx.core")) is not None and hasattr(mlx, "clear_streams"):
        mlx.clear_streams()
