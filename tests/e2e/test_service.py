"""The service for real, where a user's own service manager runs: installed, started, removed."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Command

UNIT = Path.home() / ".config" / "systemd" / "user" / "selfd.service"
SECONDS = 60.0  # a shared machine may be slow; no test measures this


def _manager() -> str:
    """Return what systemd says of the user's own manager."""
    if shutil.which("systemctl") is None:
        return "missing"
    command = ["systemctl", "--user", "is-system-running"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


pytestmark = pytest.mark.skipif(
    _manager() not in ("running", "degraded") or UNIT.exists(),
    reason="no systemd user manager runs here, or selfd is installed in it",
)


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.2)


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
