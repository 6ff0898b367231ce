"""A training in a process of its own: held at once, started again, and gone when it must be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.errors import TrainingError
from selfd_daemon.nights.training import process as processes
from selfd_daemon.nights.training.process import TrainingProcess, end_leftovers

pytestmark = pytest.mark.anyio

WORKER = "support.told_worker"
TESTS = Path(__file__).parents[1]


class Machine:
    """Says why training must wait, when a test sets that."""

    reason: str | None = None

    async def obstacle(self) -> str | None:
        return self.reason


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def activity(monkeypatch: pytest.MonkeyPatch) -> Activity:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    monkeypatch.setattr(processes, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(processes, "QUIET_SECONDS", 0.2)
    return Activity(time.monotonic)


@pytest.fixture
def process(tmp_path: Path, activity: Activity, machine: Machine) -> TrainingProcess:
    return TrainingProcess(tmp_path / "run", WORKER, activity, machine.obstacle)


class Told:
    """Keeps what was reported, and lets a test wait for it."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, str]] = []
        self._heard = asyncio.Event()

    async def __call__(self, progress: float, message: str) -> None:
        self.lines.append((progress, message))
        self._heard.set()

    async def until(self, fits: Callable[[tuple[float, str]], bool]) -> None:
        async with asyncio.timeout(20):
            while not any(fits(line) for line in self.lines):
                self._heard.clear()
                await self._heard.wait()


def counted(process: TrainingProcess, folder: Path) -> list[int]:
    return [int(line) for line in (folder / "run" / "counted").read_text().split()]


async def test_a_run_reports_and_gives_its_result(process: TrainingProcess, tmp_path: Path) -> None:
    told = Told()
    result = await process.run({"steps": 3, "seconds": 0.0}, told)
    assert result == {"count": 3}
    assert [message for _, message in told.lines][-1] == "step 3 of 3, 1.000 bits/byte"
    assert counted(process, tmp_path) == [1, 2, 3]
    assert process.pid is None


async def test_a_crash_costs_no_step_twice(process: TrainingProcess, tmp_path: Path) -> None:
    result = await process.run({"steps": 6, "seconds": 0.0, "crash_at": 3}, Told())
    assert result == {"count": 6}
    assert counted(process, tmp_path) == [1, 2, 3, 4, 5, 6]


async def test_what_fails_says_why_and_is_not_tried_again(process: TrainingProcess) -> None:
    with pytest.raises(TrainingError, match="no space left on device"):
        await process.run({"fail": "no space left on device: state"}, Told())


async def test_a_question_holds_it_within_milliseconds_and_it_goes_on_afterwards(
    process: TrainingProcess, activity: Activity, tmp_path: Path
) -> None:
    told = Told()
    run = asyncio.create_task(process.run({"steps": 40, "seconds": 0.02}, told))
    await told.until(lambda line: line[0] > 0.0)
    before = time.monotonic()
    with activity.serving():
        assert process.is_held
        assert time.monotonic() - before < 0.1
        pid = process.pid
        assert pid is not None
        await told.until(lambda line: "a question comes first" in line[1])
        assert psutil.Process(pid).status() == psutil.STATUS_STOPPED
    assert await run == {"count": 40}
    assert counted(process, tmp_path) == list(range(1, 41))


async def test_unplugging_holds_it_and_a_long_pause_gives_its_memory_back(
    process: TrainingProcess,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(processes, "HOLD_SECONDS", 0.2)
    told = Told()
    run = asyncio.create_task(process.run({"steps": 30, "seconds": 0.02}, told))
    await told.until(lambda line: line[0] > 0.0)
    first = process.pid
    machine.reason = "the machine is not on power"
    await told.until(lambda line: "paused: the machine is not on power" in line[1])
    await told.until(lambda line: "waits: the machine is not on power" in line[1])
    assert process.pid is None
    machine.reason = None
    assert await run == {"count": 30}
    assert process.pid is None
    assert first is not None
    assert counted(process, tmp_path) == list(range(1, 31))


async def test_a_cancelled_run_leaves_no_process_and_goes_on_later(
    process: TrainingProcess, tmp_path: Path
) -> None:
    told = Told()
    order = {"steps": 30, "seconds": 0.02}
    run = asyncio.create_task(process.run(order, told))
    await told.until(lambda line: line[0] > 0.0)
    pid = process.pid
    assert pid is not None
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not psutil.pid_exists(pid)
    assert await process.run(order, Told()) == {"count": 30}
    assert counted(process, tmp_path) == list(range(1, 31))


async def test_a_held_worker_of_a_killed_daemon_is_ended(
    process: TrainingProcess, activity: Activity, tmp_path: Path
) -> None:
    told = Told()
    run = asyncio.create_task(process.run({"steps": 400, "seconds": 0.02}, told))
    await told.until(lambda line: line[0] > 0.0)
    process.hold()
    pid = process.pid
    assert pid is not None
    end_leftovers(tmp_path)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not psutil.pid_exists(pid)
