"""A training in a process of its own: told to stop, held, started again, and never in the way.

The worker reports lines of JSON over a pipe. A question holds it at once (SIGSTOP, no step is
waited for); when it is held for long it is let go to save a checkpoint and end, and is started
again later. Whatever happens to it - a crash, a full disk, kill -9 - is an exception here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import structlog

from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.errors import TrainingError

log = structlog.get_logger(__name__)

WATCH_SECONDS = 0.5  # between two looks at the machine: unplugging pauses within one second
QUIET_SECONDS = 10.0  # after a question, before training goes on
HOLD_SECONDS = 120.0  # held for longer than this, it saves a checkpoint and gives its memory back
STOP_SECONDS = 4.0
MOST_CRASHES = 3
ORDER, RESULT, PID, ERRORS = "order.json", "result.json", "worker.pid", "worker.log"
STOPPED = 3  # the worker's status when it was asked to stop
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")
_KEPT_OF = ("JAX_", "MLX_", "OPENBLAS_", "OMP_", "HF_")

Report = Callable[[float, str], Awaitable[None]]
Obstacle = Callable[[], Awaitable[str | None]]
"""Says why training must wait now; None: it may go on."""


class TrainingProcess:
    """One run in one folder, however many processes it takes."""

    def __init__(self, folder: Path, module: str, activity: Activity, obstacle: Obstacle) -> None:
        self._folder = folder
        self._module = module
        self._activity = activity
        self._obstacle = obstacle
        self._process: Process | None = None
        self._held = False
        self._told = ""
        self._furthest = 0.0
        self._gone_on = False  # since it last died
        self.processor_seconds = 0.0
        self.was_interrupted = False  # by a stop: what it has done so far is to stay

    @property
    def pid(self) -> int | None:
        """The worker's process, while there is one."""
        return self._process.pid if self._process else None

    @property
    def is_held(self) -> bool:
        """Whether the worker stands still."""
        return self._held

    async def run(self, order: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """See a run through to its result, over pauses and crashes.

        Raises:
            TrainingError: it failed, or crashed again and again.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / ORDER).write_text(json.dumps(order), "utf-8")
        crashes = 0
        while not (self._folder / RESULT).exists():
            await self._wait_until_free(report)
            code = await self._one_process(report)
            if code == 1:
                raise TrainingError(self._told or self._last_words())
            if code not in (0, STOPPED):
                crashes = 1 if self._gone_on else crashes + 1
                self._gone_on = False
                log.warning("training crashed", folder=self._folder.name, status=code)
                if crashes >= MOST_CRASHES:
                    raise TrainingError(f"training died {crashes} times in a row ({_ending(code)})")
        result: dict[str, Any] = json.loads((self._folder / RESULT).read_text("utf-8"))
        return result

    async def _wait_until_free(self, report: Report) -> None:
        while (reason := await self._reason_to_wait()) is not None:
            await report(-1.0, f"waits: {reason}")
            await asyncio.sleep(WATCH_SECONDS)

    async def _reason_to_wait(self) -> str | None:
        quiet = self._activity.quiet_seconds
        if quiet is not None and quiet < QUIET_SECONDS:
            return "a question comes first"
        return await self._obstacle()

    async def _one_process(self, report: Report) -> int:
        """Run a worker until it ends.   Returns: its status."""
        with (self._folder / ERRORS).open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, str(self._folder),
                stdin=PIPE, stdout=PIPE, stderr=errors, env=_environment(), start_new_session=True,
            )  # fmt: skip
        self._process, self._held = process, False
        (self._folder / PID).write_text(str(process.pid))
        awake = await _kept_awake(process.pid)
        with self._activity.heard_by(self.hold):
            watch = asyncio.create_task(self._watch(process, report))
            try:
                await self._read(process, report)
                return await process.wait()
            except asyncio.CancelledError:
                self.was_interrupted = True
                raise
            finally:
                watch.cancel()
                await asyncio.shield(self._end(process))
                if awake is not None:
                    await awake.wait()
                (self._folder / PID).unlink(missing_ok=True)

    async def _read(self, process: Process, report: Report) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            with contextlib.suppress(ValueError):
                told = json.loads(line)
                if "error" in told:
                    self._told = str(told["error"])
                if "measuring" in told:
                    await report(-1.0, _words(told))
                if "progress" in told:
                    self._gone_on |= told["progress"] > self._furthest
                    self._furthest = max(self._furthest, told["progress"])
                    await report(float(told["progress"]), _words(told))

    async def _watch(self, process: Process, report: Report) -> None:
        """Hold the worker while there is a reason to, and let it end where that lasts."""
        held_for = 0.0
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self._count(process.pid)
            reason = await self._reason_to_wait()
            if reason is None:
                self._go_on()
                held_for = 0.0
                continue
            self.hold()
            held_for += WATCH_SECONDS
            await report(-1.0, f"paused: {reason}")
            if held_for >= HOLD_SECONDS:
                self._go_on()
                _close(process)  # it saves a checkpoint and ends
                return

    def hold(self) -> None:
        """Stop the worker where it stands."""
        if self._process is not None and self._process.returncode is None and not self._held:
            self._held = _signal(self._process, signal.SIGSTOP)

    def _go_on(self) -> None:
        if self._process is not None and self._held:
            self._held = False
            _signal(self._process, signal.SIGCONT)

    def _count(self, pid: int) -> None:
        with contextlib.suppress(psutil.Error):
            times = psutil.Process(pid).cpu_times()
            self.processor_seconds = max(self.processor_seconds, times.user + times.system)

    async def _end(self, process: Process) -> None:
        """Let the worker save what it has, for a moment; then end it."""
        self._go_on()
        if process.returncode is None:
            _close(process)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
        if process.returncode is None:
            _signal(process, signal.SIGKILL)
            await process.wait()
        _close(process)
        self._process = None

    def _last_words(self) -> str:
        text = (self._folder / ERRORS).read_text("utf-8", errors="replace").strip()
        return text.splitlines()[-1][:300] if text else "training failed and did not say why"


def end_leftovers(folder: Path) -> None:
    """End the workers that a killed daemon left behind under a folder of runs."""
    for file in folder.glob(f"*/{PID}"):
        with contextlib.suppress(psutil.Error, ValueError, OSError):
            left = psutil.Process(int(file.read_text()))
            if str(file.parent) in left.cmdline():
                left.kill()
                left.wait(STOP_SECONDS)
        file.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_KEPT_OF)
    }


async def _kept_awake(pid: int) -> Process | None:
    """Keep a Mac from sleeping while the worker runs; its display may sleep, and must."""
    tool = shutil.which("caffeinate") if sys.platform == "darwin" else None
    if tool is None:
        return None
    return await asyncio.create_subprocess_exec(
        tool, "-is", "-w", str(pid), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )


def _close(process: Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _signal(process: Process, number: signal.Signals) -> bool:
    try:
        process.send_signal(number)
    except ProcessLookupError:
        return False
    return True


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"status {code}"


def _words(told: Mapping[str, Any]) -> str:
    if "step" in told:
        return f"step {told['step']} of {told['steps']}, {told['bits']:.3f} bits/byte"
    if "measuring" in told:
        return f"measures {told['measuring']}: {told['done']} of {told['of']}"
    if "measured" in told:
        return f"measured on {told['measured']} text"
    return "done"
