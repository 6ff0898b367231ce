"""The daemon as a process: its settings, its port, and the service that starts it."""

from __future__ import annotations

import errno
import socket
from collections.abc import Mapping

from selfd_daemon.doctor.finding import Finding
from selfd_daemon.errors import DaemonError
from selfd_daemon.server.announcement import read_announcement
from selfd_daemon.server.listener import HOST
from selfd_daemon.service.installer import installer_for
from selfd_daemon.settings import Settings, unknown_variables


def variables(environment: Mapping[str, str]) -> Finding:
    unknown = unknown_variables(environment)
    if not unknown:
        return Finding("settings", True, "all settings are valid")
    names = ", ".join(unknown)
    return Finding(
        "settings",
        True,
        f"{names} in the environment is no setting",
        "selfd settings lists them all",
    )


def daemon(settings: Settings, running: int | None) -> Finding:
    said = read_announcement(settings.folder.announcement)
    if running is None and said is None:
        return Finding("daemon", True, "not running", "start it with selfd up")
    if running is None:
        return Finding(
            "daemon",
            True,
            "not running; the last one did not end by itself, and its database will be checked",
            "start it with selfd up",
        )
    if said is None or said.pid != running:
        return Finding(
            "daemon",
            True,
            f"process {running} holds the data folder and is not ready",
            "wait a moment, then look at logs/selfd.jsonl in the data folder",
        )
    return Finding("daemon", True, f"process {running} serves {said.url}")


def port(settings: Settings, running: int | None) -> Finding:
    said = read_announcement(settings.folder.announcement)
    if settings.port == 0:
        return Finding("port", True, "any free one")
    if running is not None and said is not None and said.url == f"http://{HOST}:{settings.port}":
        return Finding("port", True, f"{settings.port} is ours")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, settings.port))
        except OSError as error:
            reason = (
                "is used by another program"
                if error.errno == errno.EADDRINUSE
                else "may not be opened by this user"
            )
            return Finding(
                "port", False, f"{settings.port} {reason}", "choose another: selfd up --port N"
            )
    return Finding("port", True, f"{settings.port} is free")


def service(settings: Settings) -> Finding:
    """Say whether the session starts selfd, and whether that works."""
    installer = installer_for(settings.data_dir)
    if not installer.file.exists():
        return Finding("service", True, "not installed; selfd service install starts it with you")
    try:
        found = installer.status()
    except DaemonError as error:
        return Finding("service", True, f"installed, state unknown: {error}")
    if found.state == "running":
        return Finding("service", True, f"running, from {found.file}")
    return Finding("service", True, f"installed and {found.state}", "selfd service logs says why")
