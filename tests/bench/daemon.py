"""The daemon as a whole: start, idling, writing, asking for its status, pushing to many."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.row import Row
from support.daemon import RunningDaemon, messages, running_daemon, send_subscribe

STARTS = 5
IDLE_SECONDS = 10.0
REPEATS = 300
BATCHES, BATCH = 10, 1000
SUBSCRIBERS, EVENTS, EVENTS_A_SECOND = 100, 1000, 200

REMEMBER = "mutation ($t: String!) { remember(input: {text: $t}) { id } }"
REMEMBER_MANY = "mutation ($i: [RememberInput!]!) { rememberMany(inputs: $i) { id } }"
STATUS = "{ status { version uptime memoryCount articleCount runningJobs residentMemory ready } }"
SCORE = "query ($t: String!) { score(text: $t) { bits } }"
COMPLETE = 'subscription { complete(input: {prompt: "A text", maxBytes: 64}) { __typename } }'
ADDED = 'subscription ($n: Int!) { events(kinds: ["memory.added"], after: $n) { sequence } }'


@dataclass(frozen=True)
class _Delivered:
    count: int
    seconds: float
    writing: float


def rows(data: Path | None) -> list[Row]:
    """Measure a daemon of its own in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place:
        folder = Path(place) / "data"
        first, *later = [_start_once(folder) for _ in range(STARTS + 1)]
        wall, processor = map(statistics.median, zip(*later, strict=True))
        note = f"second start; {processor:.2f} s of processor; the first took {first[0]:.2f} s"
        with running_daemon(folder) as daemon:
            return [
                Row("start to ready", wall, "s", 1.5, "lower", note),
                *_idle(daemon),
                asyncio.run(_with_model(daemon)),
                *_requests(daemon, _sync_milliseconds(folder)),
                *_fan_out(daemon),
            ]


def _start_once(folder: Path) -> tuple[float, float]:
    """Return the seconds until ready, on the clock and of the processor."""
    begun = time.perf_counter()
    with running_daemon(folder) as daemon:
        took = time.perf_counter() - begun
        used = psutil.Process(daemon.process.pid).cpu_times()
        daemon.stop()
    return took, used.user + used.system


def _sync_milliseconds(folder: Path) -> float:
    """Return how long this disk takes to keep one page: no durable write can be faster."""
    took = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - begun) * 1000)
    return _p50(took)


def _idle(daemon: RunningDaemon) -> Iterator[Row]:
    process = psutil.Process(daemon.process.pid)
    daemon.query(STATUS)
    before = process.cpu_times()
    time.sleep(IDLE_SECONDS)
    after = process.cpu_times()
    used = (after.user + after.system) - (before.user + before.system)
    resident = process.memory_info().rss / 1e6
    yield Row("idle memory", resident, "MB", 150, "lower", "resident, empty store")
    yield Row("idle CPU", 100 * used / IDLE_SECONDS, "%", 0.5, "lower", f"{IDLE_SECONDS:.0f} s")


async def _with_model(daemon: RunningDaemon) -> Row:
    """Use the built-in model for the first time: two pieces scored, a text continued."""
    process = psutil.Process(daemon.process.pid)
    before = process.memory_info().rss
    begun = time.perf_counter()
    await asyncio.to_thread(daemon.query, SCORE, t="A")
    first = time.perf_counter() - begun
    await asyncio.to_thread(daemon.query, SCORE, t="A text of some words. " * 700)
    async for _ in daemon.subscribe(COMPLETE):
        pass
    grown = (process.memory_info().rss - before) / 1e6
    note = f"resident; the first byte scored after {first:.2f} s"
    return Row("memory that the built-in model adds", grown, "MB", 120, "lower", note)


def _requests(daemon: RunningDaemon, sync: float) -> Iterator[Row]:
    send = _sender(daemon)
    one = [
        _timed(send, REMEMBER, t=f"note {number}: the train to Graz leaves at {number % 24}:05")
        for number in range(REPEATS)
    ]
    note = f"HTTP, durable; an fsync of this disk takes {sync:.1f} ms"
    yield Row("remember, p50", _p50(one), "ms", 5, "lower", note)
    texts = [f"fact {number} about the garden, the house and the car" for number in range(BATCH)]
    many = [
        _timed(send, REMEMBER_MANY, i=[{"text": f"{text}, part {batch}"} for text in texts])
        for batch in range(BATCHES)
    ]
    rate = BATCHES * BATCH / (sum(many) / 1000)
    yield Row("rememberMany", rate, "/s", 2000, "higher", f"HTTP, {BATCH} at a time")
    status = [_timed(send, STATUS) for _ in range(REPEATS)]
    yield Row("status, p50", _p50(status), "ms", 3, "lower", "HTTP")
    yield Row("status, p99", statistics.quantiles(status, n=100)[98], "ms", 50, "lower")


def _fan_out(daemon: RunningDaemon) -> Iterator[Row]:
    """Push events to many sockets at once, twice: what a socket costs is paid the first time."""
    process = psutil.Process(daemon.process.pid)
    asyncio.run(_push(daemon, "first"))
    before = process.memory_info().rss
    delivered = asyncio.run(_push(daemon, "second"))
    grown = (process.memory_info().rss - before) / 1e6
    wanted = SUBSCRIBERS * EVENTS_A_SECOND
    yield Row(
        "fan-out over sockets",
        delivered.count / delivered.seconds,
        "/s",
        wanted,
        "higher",
        f"{SUBSCRIBERS} subscribers, {EVENTS / delivered.writing:.0f} events written a second",
    )
    lost = SUBSCRIBERS * EVENTS - delivered.count
    yield Row("fan-out over sockets, lost", lost, "events", 0, "lower")
    yield Row("fan-out over sockets, memory grown", grown, "MB", 20, "lower", "second round")


async def _push(daemon: RunningDaemon, name: str) -> _Delivered:
    latest = int(daemon.metric("selfd_event_sequence"))
    ready = asyncio.Barrier(SUBSCRIBERS + 1)
    arrived = [0] * SUBSCRIBERS

    async def listen(place: int) -> None:
        async with daemon.socket() as socket:
            await send_subscribe(socket, "1", ADDED, n=latest)
            await ready.wait()
            async for _ in messages(socket):
                arrived[place] += 1
                if arrived[place] == EVENTS:
                    return

    async with asyncio.TaskGroup() as listeners:
        for place in range(SUBSCRIBERS):
            listeners.create_task(listen(place))
        await ready.wait()
        begun = time.perf_counter()
        await asyncio.to_thread(_write_steadily, daemon, name)
        writing = time.perf_counter() - begun
    return _Delivered(sum(arrived), time.perf_counter() - begun, writing)


def _write_steadily(daemon: RunningDaemon, name: str) -> None:
    send = _sender(daemon)
    begun = time.perf_counter()
    for number in range(EVENTS):
        send(REMEMBER, t=f"{name} event {number}")
        ahead = begun + (number + 1) / EVENTS_A_SECOND - time.perf_counter()
        if ahead > 0:
            time.sleep(ahead)


def _sender(daemon: RunningDaemon) -> Callable[..., None]:
    """Return a function that sends one document over a connection that stays open."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port)
    headers = {"Authorization": f"Bearer {daemon.token}", "Content-Type": "application/json"}

    def send(document: str, **variables: Any) -> None:
        body = json.dumps({"query": document, "variables": variables})
        connection.request("POST", "/graphql", body, headers)
        answer = json.loads(connection.getresponse().read())
        assert "errors" not in answer, answer

    return send


def _timed(send: Callable[..., None], document: str, **variables: Any) -> float:
    begun = time.perf_counter()
    send(document, **variables)
    return (time.perf_counter() - begun) * 1000


def _p50(milliseconds: list[float]) -> float:
    return statistics.median(milliseconds)
