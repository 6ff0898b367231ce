"""What is asked of launchd and systemd, with a stand-in that keeps their state."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from selfd_daemon.service.installer import ServiceError, installer_for, run_command


class Manager:
    """Answers as launchctl and systemctl do; `running` is what it keeps alive."""

    def __init__(self, *, refuses: str | None = None) -> None:
        self.running = False
        self.refuses = refuses
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        verb = command[1] if command[0] == "launchctl" else command[2]
        self.commands.append(verb)
        if verb == self.refuses:
            return subprocess.CompletedProcess(list(command), 5, "", "Input/output error")
        if verb in ("bootstrap", "restart"):
            self.running = True
        if verb in ("bootout", "disable"):
            self.running = False
        if verb == "print" and not self.running:
            return subprocess.CompletedProcess(list(command), 113, "", "Could not find service")
        said = {
            "print": "\tstate = running\n",
            "is-active": "active" if self.running else "inactive",
        }
        return subprocess.CompletedProcess(list(command), 0, said.get(verb, ""), "")


@pytest.fixture(params=["darwin", "linux"])
def platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return str(request.param)


def test_install_starts_it_and_uninstall_leaves_nothing(tmp_path: Path, platform: str) -> None:
    manager = Manager()
    home, data = tmp_path / "home", tmp_path / "data"
    data.mkdir()
    service = installer_for(data, platform=platform, home=home, run=manager)
    assert service.status().state == "not installed"
    assert service.install().state == "running"
    assert service.file.exists()
    assert service.file.is_relative_to(home)
    assert service.uninstall()
    assert not manager.running
    assert not [path for path in home.rglob("*") if "selfd" in path.name]
    assert list(data.iterdir()) == []
    assert not service.uninstall()


def test_installing_twice_restarts_it(tmp_path: Path, platform: str) -> None:
    manager = Manager()
    service = installer_for(tmp_path / "data", platform=platform, home=tmp_path, run=manager)
    service.install()
    first = len(manager.commands)
    assert service.install().state == "running"
    assert set(manager.commands[first:]) & {"bootstrap", "restart"}


def test_a_job_that_ended_is_stopped_and_not_missing(tmp_path: Path, platform: str) -> None:
    manager = Manager()
    service = installer_for(tmp_path / "data", platform=platform, home=tmp_path, run=manager)
    service.install()
    manager.running = False
    assert service.status().state == "stopped"


@pytest.mark.parametrize(("system", "verb"), [("darwin", "bootstrap"), ("linux", "enable")])
def test_a_refusal_is_told_in_the_systems_words(tmp_path: Path, system: str, verb: str) -> None:
    manager = Manager(refuses=verb)
    service = installer_for(tmp_path / "data", platform=system, home=tmp_path, run=manager)
    with pytest.raises(ServiceError, match=f"{verb}.*Input/output error"):
        service.install()


def test_without_a_session_of_systemd_it_says_what_to_do(tmp_path: Path) -> None:
    manager = Manager(refuses="daemon-reload")
    service = installer_for(tmp_path / "data", platform="linux", home=tmp_path, run=manager)
    with pytest.raises(ServiceError, match=r"log in as this user, or .* loginctl enable-linger"):
        service.install()


@pytest.mark.parametrize(
    ("system", "verb"),
    [("darwin", "enable"), ("darwin", "bootstrap"), ("linux", "daemon-reload"),
     ("linux", "enable"), ("linux", "restart")],
)  # fmt: skip
def test_a_refused_install_leaves_nothing_behind(tmp_path: Path, system: str, verb: str) -> None:
    data, home = tmp_path / "data", tmp_path / "home"
    data.mkdir()
    service = installer_for(data, platform=system, home=home, run=Manager(refuses=verb))
    with pytest.raises(ServiceError):
        service.install()
    assert service.status().state == "not installed"
    assert not service.file.exists()
    assert list(data.iterdir()) == []


def test_a_refused_second_install_puts_the_first_ones_file_back(
    tmp_path: Path, platform: str
) -> None:
    manager = Manager()
    service = installer_for(tmp_path / "data", platform=platform, home=tmp_path, run=manager)
    service.install()
    service.file.write_bytes(b"as an older selfd wrote it")
    manager.refuses = "enable"
    with pytest.raises(ServiceError):
        service.install()
    assert service.file.read_bytes() == b"as an older selfd wrote it"


def test_a_system_without_a_service_manager_says_how_to_start() -> None:
    with pytest.raises(ServiceError, match="selfd up"):
        run_command(["no-such-service-manager"])
