"""The filled files, against what the systems document."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from selfd_daemon.service.template import fill_plist, fill_unit

# launchd.plist(5); a key that is not there is ignored by launchd without a word.
DOCUMENTED = {
    "Label": str,
    "ProgramArguments": list,
    "WorkingDirectory": str,
    "EnvironmentVariables": dict,
    "RunAtLoad": bool,
    "KeepAlive": dict,
    "ThrottleInterval": int,
    "ExitTimeOut": int,
    "ProcessType": str,
    "LimitLoadToSessionType": str,
    "Umask": int,
    "SoftResourceLimits": dict,
    "StandardOutPath": str,
    "StandardErrorPath": str,
}
VALUES = {"LAUNCHER": '/Users/a b/"x"&<y>/start', "DATA": "/Users/a b/100%", "LOGS": "/Users/a b/L"}


def test_the_agent_has_documented_keys_of_the_documented_types() -> None:
    agent = plistlib.loads(fill_plist("ai.selfd.daemon.plist", VALUES))
    assert {key: type(value) for key, value in agent.items()} == DOCUMENTED


def test_the_agent_restarts_after_a_crash_alone_and_is_never_slowed() -> None:
    agent = plistlib.loads(fill_plist("ai.selfd.daemon.plist", VALUES))
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["ProcessType"] == "Interactive"
    assert agent["ThrottleInterval"] == 30
    assert agent["Umask"] == 0o077


def test_a_path_reaches_the_agent_as_it_is() -> None:
    agent = plistlib.loads(fill_plist("ai.selfd.daemon.plist", VALUES))
    assert agent["ProgramArguments"] == [VALUES["LAUNCHER"]]
    assert agent["WorkingDirectory"] == VALUES["DATA"]
    assert agent["StandardErrorPath"] == "/Users/a b/L/boot.log"


@pytest.mark.parametrize("name", ["ai.selfd.daemon.plist", "selfd.service"])
def test_nothing_is_left_to_fill(name: str) -> None:
    filled = (
        fill_plist(name, VALUES).decode() if name.endswith("plist") else fill_unit(name, VALUES)
    )
    assert "@LAUNCHER@" not in filled
    assert "@DATA@" not in filled


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd-analyze here")
@pytest.mark.parametrize("folder", ["plain", "with space", "100% sure"])
def test_systemd_accepts_the_unit(tmp_path: Path, folder: str) -> None:
    data = tmp_path / folder
    data.mkdir()
    launcher = data / "start"
    launcher.write_text("#!/bin/sh\nexit 0\n")
    launcher.chmod(0o700)
    unit = tmp_path / "selfd.service"
    unit.write_text(fill_unit("selfd.service", {"LAUNCHER": str(launcher), "DATA": str(data)}))
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    about_us = [line for line in done.stderr.splitlines() if "selfd.service" in line]
    assert about_us == []
    assert done.returncode == 0, done.stderr
