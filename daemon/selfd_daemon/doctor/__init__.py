"""What may be wrong with this selfd, found and explained without a running daemon."""

from __future__ import annotations

from collections.abc import Mapping
from os import environ

from selfd_daemon.clock import Now, utc_now
from selfd_daemon.doctor import belongings, machine, process
from selfd_daemon.doctor.finding import Finding
from selfd_daemon.server.lock import holder
from selfd_daemon.settings import Settings

__all__ = ["Finding", "diagnose"]


def diagnose(
    settings: Settings, *, now: Now = utc_now, environment: Mapping[str, str] = environ
) -> list[Finding]:
    """Look at everything that commonly goes wrong, and say what to do about it."""
    running = holder(settings.folder.lock)
    return [
        machine.python(),
        machine.sqlite(),
        machine.backend(),
        machine.compiled(),
        machine.memory(),
        machine.disk(settings),
        machine.clock(settings.data_dir, now),
        process.variables(environment),
        process.daemon(settings, running),
        process.port(settings, running),
        process.service(settings),
        belongings.data_folder(settings.data_dir),
        belongings.token("token", settings.folder.token),
        belongings.token("menu bar token", settings.folder.menubar_token),
        belongings.database(settings.data_dir),
        belongings.feeds(settings.data_dir),
        belongings.models(),
    ]
