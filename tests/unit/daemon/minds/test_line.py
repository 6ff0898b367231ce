"""Who is served when, on a thread that takes one piece at a time."""

from __future__ import annotations

import asyncio
import threading

import pytest

from selfd_daemon.minds import Priority
from selfd_daemon.minds.errors import MindBusyError, MindUnavailableError
from selfd_daemon.minds.line import Line, Place

pytestmark = pytest.mark.anyio


class Work:
    """Takes as much time as it says, by a clock of its own; the loop gets on meanwhile."""

    def __init__(self) -> None:
        self.now = 0.0
        self._loop = asyncio.get_running_loop()
        self.done: list[str] = []

    def clock(self) -> float:
        return self.now

    def __call__(self, name: str, seconds: float) -> None:
        for _ in range(3):
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(10)
        self.now += seconds
        self.done.append(name)


class Gate:
    """Holds the thread until it is opened, so that a test decides who stands in line."""

    def __init__(self, line: Line) -> None:
        self._open, self._reached = threading.Event(), threading.Event()
        self._held = asyncio.ensure_future(line.run(Place(), self._hold))

    def _hold(self) -> bool:
        self._reached.set()
        return self._open.wait(10)

    @classmethod
    async def before(cls, line: Line) -> Gate:
        gate = cls(line)
        assert await asyncio.to_thread(gate._reached.wait, 10)
        return gate

    async def open(self) -> None:
        self._open.set()
        assert await self._held


async def _in_order(line: Line, places: list[tuple[str, Place]]) -> list[str]:
    served: list[str] = []
    gate = await Gate.before(line)
    pieces = [asyncio.ensure_future(line.run(place, served.append, name)) for name, place in places]
    await asyncio.sleep(0)
    await gate.open()
    await asyncio.gather(*pieces)
    line.close()
    return served


async def test_a_person_goes_before_an_agent_and_that_before_the_night() -> None:
    places = [
        ("night", Place(Priority.NIGHT, "n")),
        ("agent", Place(Priority.AGENT, "a")),
        ("person", Place(Priority.PERSON, "p")),
    ]
    assert await _in_order(Line("a"), places) == ["person", "agent", "night"]


async def test_who_had_more_of_the_thread_waits_longer() -> None:
    work = Work()
    line = Line("a", clock=work.clock)
    await line.run(Place(client="greedy"), work, "greedy", 1.0)
    places = [("greedy", Place(client="greedy")), ("modest", Place(client="modest"))]
    assert await _in_order(line, places) == ["modest", "greedy"]


async def test_a_newcomer_does_not_make_up_for_time_it_was_not_there() -> None:
    work = Work()
    line = Line("a", clock=work.clock)
    for _ in range(3):
        await line.run(Place(client="old"), work, "old", 1.0)

    async def pull(client: str) -> None:
        for _ in range(6):
            await line.run(Place(client=client), work, client, 1.0)

    await asyncio.gather(pull("old"), pull("new"))
    line.close()
    assert work.done[3:9].count("old") >= 2


async def test_clients_get_equal_times_however_long_their_pieces_are() -> None:
    work, had = Work(), dict.fromkeys(("0.1", "0.2", "0.3", "0.4", "0.5"), 0.0)
    line = Line("a", clock=work.clock)

    async def pull(client: str) -> None:
        while work.now < 20.0:
            await line.run(Place(client=client), work, client, float(client))
            had[client] += float(client)

    await asyncio.gather(*map(pull, had))
    line.close()
    assert max(had.values()) - min(had.values()) <= 1.0  # two of the longest pieces
    assert min(had.values()) >= 3.0


async def test_too_many_open_requests_are_refused_and_places_come_free_again() -> None:
    line = Line("busy", most_open=1)
    with line.place(), pytest.raises(MindBusyError, match="1 requests are open on mind 'busy'"):
        line.place().__enter__()
    with line.place():
        assert await line.run(Place(), lambda: 7) == 7
    line.close()


async def test_a_piece_that_was_cancelled_while_it_waited_is_never_begun() -> None:
    line, served = Line("a"), list[str]()
    gate = await Gate.before(line)
    piece = asyncio.ensure_future(line.run(Place(), served.append, "cancelled"))
    await asyncio.sleep(0)
    piece.cancel()
    await asyncio.gather(piece, return_exceptions=True)
    await gate.open()
    await line.run(Place(), served.append, "next")
    assert served == ["next"]
    line.close()


async def test_an_error_reaches_who_asked_and_the_thread_goes_on() -> None:
    line = Line("a")
    with pytest.raises(ZeroDivisionError):
        await line.run(Place(), lambda: 1 // 0)
    assert await line.run(Place(), lambda: 7) == 7
    line.close()


async def test_a_closed_line_takes_nothing_and_lets_nobody_wait() -> None:
    line = Line("a")
    gate = await Gate.before(line)
    waiting = asyncio.ensure_future(line.run(Place(), lambda: 7))
    await asyncio.sleep(0)
    line.close()
    with pytest.raises(MindUnavailableError, match="mind 'a' was closed"):
        await waiting
    await gate.open()
    with pytest.raises(MindUnavailableError, match="mind 'a' was closed"):
        await line.run(Place(), lambda: 7)
