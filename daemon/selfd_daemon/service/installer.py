"""Installing, removing and asking after the service, on launchd and on systemd."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from selfd_daemon.errors import DaemonError
from selfd_daemon.service.launcher import remove_script, script_path, write_script
from selfd_daemon.service.template import fill_plist, fill_unit

LABEL = "ai.selfd.daemon"
UNIT = "selfd.service"
NO_SESSION = (
    "systemd keeps services for those who are logged in: log in as this user, "
    "or let it run without by loginctl enable-linger; selfd up needs neither"
)
BOOTOUT_PATIENCE = 10.0  # seconds; bootout returns before the job is gone
BOOTOUT_STEP = 0.2

State: TypeAlias = Literal["running", "stopped", "not installed"]
Run: TypeAlias = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


class ServiceError(DaemonError):
    """The system's service manager is not there, or refused."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """What the system says of the service; `file` is where its description lies."""

    state: State
    file: Path
    detail: str


class ServiceInstaller(Protocol):
    """One system's way of keeping selfd running."""

    @property
    def file(self) -> Path: ...
    def install(self) -> ServiceStatus: ...
    def uninstall(self) -> bool:
        """Stop and remove the service; False when it was not installed."""
        ...

    def status(self) -> ServiceStatus: ...
    def logs(self) -> Sequence[str]:
        """Return the command that shows what the system kept of its output."""
        ...


def run_command(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a command of the system, its output as text.

    Raises:
        ServiceError: there is no such command.
    """
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ServiceError(
            f"there is no {command[0]!r} on this system: start selfd with selfd up instead"
        ) from error


def installer_for(
    data_folder: Path,
    *,
    platform: str = sys.platform,
    home: Path | None = None,
    run: Run = run_command,
) -> ServiceInstaller:
    """Return this system's installer."""
    kind = LaunchAgent if platform == "darwin" else SystemdUnit
    return kind(data_folder, home=home or Path.home(), run=run)


class LaunchAgent:
    """A LaunchAgent in the user's graphical session (launchd.plist(5), launchctl(1))."""

    def __init__(self, data_folder: Path, *, home: Path, run: Run) -> None:
        self._data = data_folder
        self._logs = home / "Library" / "Logs" / "selfd"
        self._run = run
        self._domain = f"gui/{os.getuid()}"
        self.file = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"

    def install(self) -> ServiceStatus:
        with _undone_on_refusal(self.file, self.uninstall):
            script = write_script(self._data)
            self._logs.mkdir(parents=True, exist_ok=True)
            values = {"LAUNCHER": str(script), "DATA": str(self._data), "LOGS": str(self._logs)}
            _write(self.file, fill_plist(f"{LABEL}.plist", values))
            self._boot_out()
            _must(self._run(["launchctl", "enable", f"{self._domain}/{LABEL}"]))
            _must(self._run(["launchctl", "bootstrap", self._domain, str(self.file)]))
        return self.status()

    def uninstall(self) -> bool:
        installed = self.file.exists()
        self._boot_out()
        self.file.unlink(missing_ok=True)
        remove_script(self._data)
        shutil.rmtree(self._logs, ignore_errors=True)
        return installed

    def status(self) -> ServiceStatus:
        if not self.file.exists():
            return ServiceStatus("not installed", self.file, "")
        shown = self._run(["launchctl", "print", f"{self._domain}/{LABEL}"])
        running = shown.returncode == 0 and "state = running" in shown.stdout
        return ServiceStatus("running" if running else "stopped", self.file, shown.stderr.strip())

    def logs(self) -> Sequence[str]:
        return ["tail", "-n", "100", str(self._logs / "boot.log")]

    def _boot_out(self) -> None:
        """Stop the job and wait until launchd has let go: a bootstrap before that fails."""
        self._run(["launchctl", "bootout", f"{self._domain}/{LABEL}"])
        for _ in range(int(BOOTOUT_PATIENCE / BOOTOUT_STEP)):
            if self._run(["launchctl", "print", f"{self._domain}/{LABEL}"]).returncode != 0:
                return
            time.sleep(BOOTOUT_STEP)
        raise ServiceError(f"launchd still runs {LABEL}: try again in a minute")


class SystemdUnit:
    """A unit of the user's systemd (systemd.service(5), systemctl(1))."""

    def __init__(self, data_folder: Path, *, home: Path, run: Run) -> None:
        self._data = data_folder
        self._run = run
        config = os.environ.get("XDG_CONFIG_HOME")
        self.file = (Path(config) if config else home / ".config") / "systemd" / "user" / UNIT

    def install(self) -> ServiceStatus:
        values = {"LAUNCHER": str(script_path(self._data)), "DATA": str(self._data)}
        with _undone_on_refusal(self.file, self.uninstall):
            write_script(self._data)
            _write(self.file, fill_unit(UNIT, values).encode())
            _must(self._systemctl("daemon-reload"), NO_SESSION)
            _must(self._systemctl("enable", UNIT))
            _must(self._systemctl("restart", UNIT))
        return self.status()

    def uninstall(self) -> bool:
        installed = self.file.exists()
        if installed:
            self._systemctl("disable", "--now", UNIT)
        self.file.unlink(missing_ok=True)
        remove_script(self._data)
        if installed:
            self._systemctl("daemon-reload")
        return installed

    def status(self) -> ServiceStatus:
        if not self.file.exists():
            return ServiceStatus("not installed", self.file, "")
        shown = self._systemctl("is-active", UNIT)
        state: State = "running" if shown.stdout.strip() == "active" else "stopped"
        return ServiceStatus(state, self.file, (shown.stdout + shown.stderr).strip())

    def logs(self) -> Sequence[str]:
        return ["journalctl", "--user", "--unit", UNIT, "--lines", "100", "--no-pager"]

    def _systemctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run(["systemctl", "--user", *arguments])


@contextmanager
def _undone_on_refusal(file: Path, uninstall: Callable[[], bool]) -> Iterator[None]:
    """Leave nothing behind when the system refuses a first install; put an older file back."""
    before = file.read_bytes() if file.exists() else None
    try:
        yield
    except (ServiceError, OSError):
        if before is None:
            with suppress(ServiceError):  # the first refusal is the one to tell
                uninstall()
        else:
            _write(file, before)
        raise


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _must(done: subprocess.CompletedProcess[str], otherwise: str = "") -> None:
    """Go on if a command did well; `otherwise` is what to do if it did not."""
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        command = " ".join(done.args) if isinstance(done.args, list) else str(done.args)
        told = f"{command!r} failed: {said or f'status {done.returncode}'}"
        raise ServiceError(f"{told}; {otherwise}" if otherwise else told)
