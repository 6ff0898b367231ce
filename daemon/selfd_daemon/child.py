"""A process of our own for work that may hang, eat memory or crash: parsing what strangers wrote.

    child = Child("feed parser", seconds=5, memory_bytes=512 << 20)
    entries = await child.call(parse_feed, body, base_url=url)
    await child.close()

`call` runs a module-level function in the child: bytes in, JSON out. The function gets the bytes
and keyword arguments that JSON can hold, and returns what orjson can write (dataclasses and times
included, lone surrogates not); the caller gets plain JSON back and never a pickle, since whoever
takes over a parser would write that pickle. A call that runs too long, grows too large, dies or is
cancelled costs the process, and the next call starts a new one; only the call itself fails. The
child has no settings, no secrets in its environment, cannot write files, ends with its parent, is
replaced after `max_calls` and is put away after `idle_seconds` without work.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from typing import Any

import orjson
import psutil

from selfd_daemon.errors import (
    ChildDiedError,
    ChildMemoryError,
    ChildTaskError,
    ChildTimeoutError,
)

_ENTRY = "from selfd_daemon._child_loop import serve; serve()"
_KEPT_ENVIRONMENT = ("LANG", "LC_ALL", "PATH", "TMPDIR")
_HEADER = 8  # bytes of a frame's length, big-endian
_MAX_RESULT_BYTES = 64 << 20
_MEMORY_POLL_SECONDS = 0.05
_START_SECONDS = 30.0  # a loaded machine may take long to import; counted apart from the work
_PATIENCE = 3  # times `seconds` on the wall clock where nothing else is said
_OUT_OF_TIME = frozenset({signal.SIGPROF, signal.SIGXCPU})
_GRACE_SECONDS = 2.0


class Child:
    """One process that does one call at a time; concurrent calls wait for their turn."""

    def __init__(
        self,
        name: str,
        *,
        seconds: float,
        memory_bytes: int,
        wall_seconds: float | None = None,
        max_calls: int = 500,
        idle_seconds: float = 60.0,
        watch_memory: bool = sys.platform == "darwin",
    ) -> None:
        """Start nothing yet.

        Args:
            name: for messages, "the {name} took longer than 5 s".
            seconds: of processor time of one call.
            wall_seconds: on the clock, for work that does not compute and machines that do not get
                round to it; three times `seconds` if left out.
            memory_bytes: what the process may take in all: address space, or resident memory
                where `watch_memory` is set, because macOS does not enforce the former.
        """
        self.name = name
        self.seconds = seconds
        self.wall_seconds = wall_seconds or seconds * _PATIENCE
        self.memory_bytes = memory_bytes
        self.started = 0  # processes so far
        self._max_calls = max_calls
        self._idle_seconds = idle_seconds
        self._watch_memory = watch_memory
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._calls = 0
        self._idle: asyncio.TimerHandle | None = None
        self._putting_away: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process that would do the next call, or None when there is none yet."""
        return self._process.pid if self._process else None

    async def call(self, function: Callable[..., Any], body: bytes, **options: Any) -> Any:
        """Run `function(body, **options)` in the child and return its result as plain JSON."""
        async with self._turn:
            self._stay()
            process = await self._ready()
            finished = False
            try:
                reply = await self._exchange(process, _request(function, options), body)
                finished = True
            finally:
                if not finished:
                    await asyncio.shield(self._end())
            self._calls += 1
            if reply.get("memory"):
                await self._end()  # its heap is full of what was half done
                raise ChildMemoryError(self._memory_message())
            if self._calls >= self._max_calls:
                await self._end()
            self._rest()
        if "error" in reply:
            raise ChildTaskError(str(reply["error"]), str(reply["message"]))
        return reply["result"]

    async def close(self) -> None:
        """End the process, at once if it is idle, else after the call that it is doing."""
        async with self._turn:
            self._stay()
            await self._end()
        if self._putting_away:
            await self._putting_away

    async def _ready(self) -> Process:
        if self._process and self._process.returncode is None:
            return self._process
        await self._end()
        kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-B", "-c", _ENTRY,
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
            env={**kept, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        self.started += 1
        self._calls = 0
        limit = 0 if self._watch_memory else self.memory_bytes
        hello = orjson.dumps({"memory_bytes": limit, "seconds": self.seconds})
        try:
            async with asyncio.timeout(_START_SECONDS):
                await _send(self._process, hello)
                await _receive(self._process)
        except (TimeoutError, EOFError, OSError) as error:
            await self._end()
            raise ChildDiedError(f"the {self.name} could not be started") from error
        except BaseException:
            await asyncio.shield(self._end())
            raise
        return self._process

    async def _exchange(self, process: Process, request: bytes, body: bytes) -> dict[str, Any]:
        watch = asyncio.create_task(self._watch(process)) if self._watch_memory else None
        try:
            async with asyncio.timeout(self.wall_seconds):
                await _send(process, request, body)
                return orjson.loads(await _receive(process))  # type: ignore[no-any-return]  # ours
        except TimeoutError as error:
            raise ChildTimeoutError(self._time_message()) from error
        except (EOFError, OSError, orjson.JSONDecodeError) as error:
            if watch and watch.done():
                raise ChildMemoryError(self._memory_message()) from error
            code = await _exit_code(process)
            if code is not None and -code in _OUT_OF_TIME:
                raise ChildTimeoutError(self._time_message()) from error
            raise ChildDiedError(f"the {self.name} died ({_ending(code)})") from error
        finally:
            if watch:
                watch.cancel()

    async def _watch(self, process: Process) -> None:
        """Kill the process when its resident memory passes the limit."""
        with contextlib.suppress(psutil.Error):
            child = psutil.Process(process.pid)
            while child.memory_info().rss <= self.memory_bytes:  # noqa: ASYNC110 - nobody tells us
                await asyncio.sleep(_MEMORY_POLL_SECONDS)
            process.kill()

    def _time_message(self) -> str:
        return f"the {self.name} took longer than {self.seconds:g} s and was stopped"

    def _memory_message(self) -> str:
        return f"the {self.name} needed more than {self.memory_bytes >> 20} MB and was stopped"

    def _rest(self) -> None:
        """Put the process away when no call comes for a while."""
        if self._process:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(self._idle_seconds, self._put_away)

    def _stay(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def _put_away(self) -> None:
        if not self._turn.locked():
            self._putting_away = asyncio.create_task(self.close_idle())

    async def close_idle(self) -> None:
        """End the process; the next call starts another."""
        async with self._turn:
            await self._end()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        if process.stdin:
            process.stdin.close()
        await process.wait()


def _request(function: Callable[..., Any], options: dict[str, Any]) -> bytes:
    return orjson.dumps(
        {"module": function.__module__, "function": function.__qualname__, "options": options}
    )


async def _send(process: Process, *frames: bytes) -> None:
    assert process.stdin is not None
    for frame in frames:
        process.stdin.write(len(frame).to_bytes(_HEADER))
        process.stdin.write(frame)
    await process.stdin.drain()


async def _receive(process: Process) -> bytes:
    assert process.stdout is not None
    length = int.from_bytes(await process.stdout.readexactly(_HEADER))
    if length > _MAX_RESULT_BYTES:
        raise OSError(f"a result of {length} bytes")
    return await process.stdout.readexactly(length)


async def _exit_code(process: Process) -> int | None:
    """Wait a moment for the end of a process; None where it goes on."""
    try:
        return await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
    except TimeoutError:
        return None


def _ending(code: int | None) -> str:
    """Say how a process ended, for the message."""
    if code is None:
        return "it answered nonsense"
    return signal.Signals(-code).name if code < 0 else f"status {code}"
