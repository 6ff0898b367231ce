"""The end that a signal brings, also to a process whose event loop hangs."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, faulthandler, sys
from selfd_daemon.server import process
from selfd_daemon.server.notify import ServiceManager

process.SECONDS_TO_STOP = float(sys.argv[2])

async def main():
    stop = process.stop_by_signal(ServiceManager({}))
    print("ready", flush=True)
    while sys.argv[1] == "hanging":
        pass
    await stop.wait()

asyncio.run(main())
faulthandler.cancel_dump_traceback_later()
print("stopped", flush=True)
"""


def _end(state: str, seconds: float, number: signal.Signals) -> tuple[int, str, str]:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, state, str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(number)
        child.send_signal(number)  # an impatient second one changes nothing
        out, errors = child.communicate(timeout=60)
    return child.returncode, out, errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_a_healthy_process(number: signal.Signals) -> None:
    status, out, _ = _end("healthy", 50.0, number)
    assert (status, out.splitlines()[-1]) == (0, "stopped")


def test_a_hanging_event_loop_is_cut_off_and_shows_where_it_hung() -> None:
    status, out, errors = _end("hanging", 0.2, signal.SIGTERM)
    assert (status, out) == (1, "")
    assert "Timeout (0:00:00.2" in errors
    assert "in main" in errors
