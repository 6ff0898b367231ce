"""The service for real: installed, started, killed, stopped and removed by a user's own systemd.

Where none runs and the tests are root's, as in a container, one is made for this (user_manager.sh).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Command

UNIT = Path.home() / ".config" / "systemd" / "user" / "selfd.service"
MANAGER = Path("/usr/lib/systemd/systemd")
SCRIPT = Path(__file__).parents[1] / "support" / "user_manager.sh"
NOT_ALLOWED = 77  # what the script says then
SECONDS = 60.0  # a shared machine may be slow; no test measures this


def _manager() -> str:
    """Return what systemd says of the user's own manager."""
    if shutil.which("systemctl") is None:
        return "missing"
    command = ["systemctl", "--user", "is-system-running"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


RUNS = _manager() in ("running", "degraded")
MAKES_ONE = os.geteuid() == 0 and MANAGER.exists() and shutil.which("unshare") is not None


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.2)


@pytest.mark.skipif(
    not RUNS or UNIT.exists(), reason="no systemd user manager runs, or it has selfd"
)
def test_it_is_installed_serves_comes_back_after_a_crash_and_leaves_nothing(folder: Path) -> None:
    selfd = Command(folder)
    folder.mkdir(mode=0o700)
    (folder / "settings.toml").write_text("port = 0\n")
    try:
        selfd.ok("service", "install")
        _until(lambda: selfd("status").status == 0)
        first = selfd.ok("status", "--json").json
        subprocess.run(["systemctl", "--user", "kill", "-s", "KILL", "selfd.service"], check=True)
        _until(lambda: selfd("status").status == 0)
        assert selfd.ok("status", "--json").json["uptime"] < first["uptime"] + SECONDS
        assert "running" in selfd.ok("service", "status").out
        selfd.ok("down")
        _until(lambda: "stopped" in selfd("service", "status").out)
    finally:
        done = selfd("service", "uninstall")
    assert done.status == 0, done.err
    assert str(folder) in done.out + done.err
    assert not UNIT.exists()


@pytest.mark.skipif(RUNS or not MAKES_ONE, reason="one runs, or none can be made: that needs root")
def test_the_same_under_a_systemd_that_is_made_for_it(tmp_path: Path) -> None:
    done = subprocess.run(
        ["sh", SCRIPT, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__],
        cwd=SCRIPT.parents[2],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == NOT_ALLOWED:
        pytest.skip(f"this machine allows none: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
