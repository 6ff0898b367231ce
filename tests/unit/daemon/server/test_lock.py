"""One daemon per data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from selfd_daemon.errors import AlreadyRunningError
from selfd_daemon.server.lock import holder, sole_daemon

HOLD = (
    "import sys, time, pathlib\n"
    "from selfd_daemon.server.lock import sole_daemon\n"
    "with sole_daemon(pathlib.Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_second_holder_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    with sole_daemon(path):
        assert holder(path) == os.getpid()
        with (
            pytest.raises(
                AlreadyRunningError, match=f"process {os.getpid()} already serves"
            ) as got,
            sole_daemon(path),
        ):
            pass
        assert got.value.pid == os.getpid()
    assert holder(path) is None


def test_a_free_folder_has_no_holder(tmp_path: Path) -> None:
    assert holder(tmp_path / "daemon.lock") is None


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "daemon.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert holder(path) == child.pid
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert holder(path) is None
    with sole_daemon(path):
        assert holder(path) == os.getpid()
