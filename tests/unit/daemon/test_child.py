"""A child process does one call at a time, within limits, and is replaced when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from selfd_daemon.child import Child
from selfd_daemon.errors import (
    ChildDiedError,
    ChildMemoryError,
    ChildTaskError,
    ChildTimeoutError,
)

pytestmark = pytest.mark.anyio
Task = Callable[..., Any]
MEGABYTES = 1 << 20


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module of functions that the child imports as well."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "samples"))
    return importlib.import_module("child_tasks")


@contextlib.asynccontextmanager
async def a_child(**changes: Any) -> AsyncIterator[Child]:
    child = Child("test child", **{"seconds": 20.0, "memory_bytes": 512 * MEGABYTES, **changes})
    try:
        yield child
    finally:
        await child.close()


async def test_a_call_gets_bytes_and_options_and_returns_json(tasks: Any) -> None:
    async with a_child() as child:
        first = await child.call(tasks.describe, b"some text", suffix="!")
        second = await child.call(tasks.describe, b"z" * (5 * MEGABYTES))
    assert (first["length"], first["text"]) == (9, "some text!")
    assert second["length"] == 5 * MEGABYTES
    assert first["pid"] == second["pid"], "one process serves both"


async def test_what_the_function_raises_reaches_the_caller_and_spares_the_child(tasks: Any) -> None:
    async with a_child() as child:
        with pytest.raises(ChildTaskError, match="cannot read this") as caught:
            await child.call(tasks.refuse, b"this")
        assert caught.value.type == "ValueError"
        assert (await child.call(tasks.describe, b""))["length"] == 0
        assert child.started == 1


async def test_a_call_that_never_ends_is_killed_and_the_next_one_works(tasks: Any) -> None:
    async with a_child(seconds=0.5) as child:
        await child.call(tasks.describe, b"")
        stuck = child.pid
        began = time.monotonic()
        with pytest.raises(ChildTimeoutError, match=r"test child took longer than 0\.5 s"):
            await child.call(tasks.spin, b"")
        assert time.monotonic() - began < 5
        assert stuck is not None
        assert not psutil.pid_exists(stuck)
        assert (await child.call(tasks.describe, b""))["pid"] != stuck


async def test_a_call_that_sleeps_is_killed_by_the_wall_clock(tasks: Any) -> None:
    async with a_child(seconds=0.1) as child:
        with pytest.raises(ChildTimeoutError, match=r"longer than 0\.1 s"):
            await child.call(tasks.sleep, b"")
        assert (await child.call(tasks.describe, b""))["length"] == 0


async def test_processor_time_is_allowed_anew_for_each_call(tasks: Any) -> None:
    async with a_child(seconds=0.5) as child:
        for _ in range(4):
            await child.call(tasks.compute, b"", seconds=0.2)
        assert child.started == 1


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not enforce RLIMIT_AS")
async def test_a_call_that_grows_too_large_is_refused_by_the_kernel(tasks: Any) -> None:
    async with a_child(memory_bytes=256 * MEGABYTES, watch_memory=False) as child:
        with pytest.raises(ChildMemoryError, match="more than 256 MB"):
            await child.call(tasks.grow, b"")
        assert (await child.call(tasks.describe, b""))["length"] == 0
        assert child.started == 2


async def test_where_the_kernel_does_not_help_resident_memory_is_watched(tasks: Any) -> None:
    async with a_child(memory_bytes=200 * MEGABYTES, watch_memory=True) as child:
        with pytest.raises(ChildMemoryError, match="more than 200 MB"):
            await child.call(tasks.grow, b"")
        assert (await child.call(tasks.describe, b""))["length"] == 0


async def test_a_crash_is_told_apart_and_the_next_call_works(tasks: Any) -> None:
    async with a_child() as child:
        with pytest.raises(ChildDiedError, match="SIGSEGV"):
            await child.call(tasks.crash, b"")
        assert (await child.call(tasks.describe, b""))["length"] == 0


async def test_a_cancelled_call_ends_its_process_and_frees_the_turn(tasks: Any) -> None:
    async with a_child() as child:
        await child.call(tasks.describe, b"")
        spinning = child.pid
        call = asyncio.create_task(child.call(tasks.spin, b""))
        while not psutil.Process(spinning).cpu_percent(0.01):  # noqa: ASYNC110
            await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert spinning is not None
        assert not psutil.pid_exists(spinning)
        assert (await child.call(tasks.describe, b""))["length"] == 0


async def test_the_event_loop_stays_free_while_the_child_works(tasks: Any) -> None:
    async with a_child(seconds=1.0) as child:
        await child.call(tasks.describe, b"")
        call = asyncio.create_task(child.call(tasks.spin, b""))
        longest = 0.0
        while not call.done():
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)
        assert isinstance(call.exception(), ChildTimeoutError)
        assert longest < 0.5, "a loaded machine may be slow, a blocked loop takes the whole second"


async def test_a_child_is_recycled_after_its_share_of_calls(tasks: Any) -> None:
    async with a_child(max_calls=2) as child:
        pids = [(await child.call(tasks.describe, b""))["pid"] for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


async def test_an_idle_child_is_put_away(tasks: Any) -> None:
    async with a_child(idle_seconds=0.05) as child:
        resting = (await child.call(tasks.describe, b""))["pid"]
        async with asyncio.timeout(20):
            while psutil.pid_exists(resting):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert child.pid is None
        assert (await child.call(tasks.describe, b""))["pid"] != resting


async def test_printing_does_not_break_the_protocol(tasks: Any) -> None:
    async with a_child() as child:
        assert await child.call(tasks.chatter, b"") == "quiet"


async def test_the_child_cannot_write_files(tasks: Any, tmp_path: Path) -> None:
    target = tmp_path / "file"
    async with a_child() as child:
        with pytest.raises(ChildTaskError, match="File too large"):
            await child.call(tasks.write_file, str(target).encode())
    assert not target.exists() or target.read_bytes() == b""


async def test_the_child_sees_no_secrets(tasks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFD_TOKEN", "a secret")
    async with a_child() as child:
        assert "SELFD_TOKEN" not in await child.call(tasks.environment, b"")


async def test_concurrent_calls_wait_for_their_turn(tasks: Any) -> None:
    async with a_child() as child:
        results = await asyncio.gather(
            *(child.call(tasks.describe, bytes(number)) for number in range(20))
        )
    assert [result["length"] for result in results] == list(range(20))
