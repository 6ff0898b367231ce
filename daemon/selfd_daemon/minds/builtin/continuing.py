"""How the built-in model continues texts: those that are open together, or one of them by drafts.

Requests that are open together are continued together, one byte of each at a time. Whoever's turn
it is works for all who stand in line with the same right; what that gives the others waits for them
here. A single request may draft instead, which is faster where drafts pay and gives the same text.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import TYPE_CHECKING

from selfd_daemon.minds.door import Delta, Made, Request
from selfd_daemon.minds.line import PIECE_SECONDS, Line, Place
from selfd_daemon.minds.telling import Telling

if TYPE_CHECKING:
    from selfd_models.builtin import BuiltinModel
    from selfd_models.decoding.batch import Row

AHEAD = 4096  # bytes that are made for a reader who does not fetch them


class Seat:
    """A request's row in the batch, and what was made for it and not fetched."""

    def __init__(self, row: Row, place: Place, model: BuiltinModel) -> None:
        self.row = row
        self.model = model
        self.place = place
        self.made = bytearray()
        self.read = self.begun = False

    def fetch(self) -> bytes:
        """Take what was made."""
        size = len(self.made)
        made = bytes(self.made[:size])
        del self.made[:size]
        return made


class Continuing:
    """Continues texts, a piece at a time whenever it is their turn in the line."""

    def __init__(self, line: Line, draw: Callable[[], int]) -> None:
        """Begin without a text; `draw` gives a seed to who names none."""
        self._line = line
        self._draw = draw
        self._seats: list[Seat] = []

    async def together(
        self, model: BuiltinModel, request: Request, telling: Telling, place: Place
    ) -> AsyncGenerator[Made, None]:
        """Continue a text with all that are open; closing this leaves the others be."""
        from selfd_models.decoding.batch import Row
        from selfd_models.decoding.speculation import Choice

        seed = self._draw() if request.seed is None else request.seed
        prompt = request.text.encode("utf-8", "surrogatepass")
        row = Row(prompt, request.max_bytes, Choice(request.temperature, seed))
        seat = Seat(row, place, model)
        self._seats.append(seat)
        try:
            while telling.over is None:
                made = seat.fetch()
                if not made and seat.row.ended:
                    break
                if not made:
                    await self._line.run(place, self._work, model, seat)
                elif told := telling.take(made):
                    yield Delta(told)
            if told := telling.rest():
                yield Delta(told)
        finally:
            self._seats.remove(seat)
        yield telling.ended(reason="length")

    def _work(self, model: BuiltinModel, mine: Seat) -> None:
        """Read of a prompt, or make bytes for all who are ready, for some 30 ms.

        The first byte is not kept waiting for those that come after it.
        """
        from selfd_models.decoding.batch import advance

        until = time.monotonic() + PIECE_SECONDS
        while not mine.read:
            mine.read = not mine.row.read(model.decoder)
            if time.monotonic() >= until:
                return
        while not mine.made or time.monotonic() < until:
            ready = [seat for seat in tuple(self._seats) if _may_go(seat, mine)]
            if mine not in ready:
                return
            made = advance(model.decoder, [seat.row for seat in ready])
            for seat, byte in zip(ready, made, strict=True):
                seat.made.append(byte)
            if not mine.begun:
                mine.begun = True
                return

    async def drafted(
        self, model: BuiltinModel, request: Request, telling: Telling, place: Place
    ) -> AsyncGenerator[Made, None]:
        """Continue a text alone, several bytes at a pass."""
        from selfd_models.decoding.speculation import Tally

        stopped, tally = _Flag(), Tally()
        text = model.complete(
            request.text,
            max_bytes=request.max_bytes,
            temperature=request.temperature,
            seed=self._draw() if request.seed is None else request.seed,
            speculative=True,
            stop=stopped,
            tally=tally,
        )
        try:
            while telling.over is None and (
                piece := await self._line.run(place, _some, text, tally.bytes == 0)
            ):
                if told := telling.take(piece):
                    yield Delta(told)
            if told := telling.rest():
                yield Delta(told)
        finally:
            stopped.set = True
        yield telling.ended(acceptance=tally.accepted, reason="length")


def _may_go(seat: Seat, mine: Seat) -> bool:
    """Tell whether a seat may have a byte made when it is another one's turn."""
    as_urgent = seat.place.priority <= mine.place.priority
    as_trained = seat.model is mine.model  # other weights may have come to serve in between
    return seat.read and as_urgent and as_trained and not seat.row.ended and len(seat.made) < AHEAD


class _Flag:
    """Asked by the model before each byte."""

    set = False

    def __call__(self) -> bool:
        return self.set


def _some(text: Iterator[bytes], first: bool) -> bytes:
    """Take what comes within some 30 ms, at least one byte unless the text is at its end.

    first: take no more than that, which somebody waits for.
    """
    until = time.monotonic() + (0.0 if first else PIECE_SECONDS)
    taken = bytearray()
    for byte in text:
        taken += byte
        if time.monotonic() >= until:
            break
    return bytes(taken)
