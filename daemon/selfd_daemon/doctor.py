"""What may be wrong with this selfd, found and explained without a running daemon."""

from __future__ import annotations

import errno
import shutil
import socket
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from os import W_OK, X_OK, access, environ, geteuid
from pathlib import Path

from selfd_daemon.clock import Now, utc_now
from selfd_daemon.errors import TokenFileError
from selfd_daemon.server.announcement import read_announcement
from selfd_daemon.server.listener import HOST
from selfd_daemon.server.lock import holder
from selfd_daemon.server.token import read_token
from selfd_daemon.settings import Settings, unknown_variables
from selfd_storage import StorageError, advised_sqlite_version, inspect_store, sqlite_version

LEAST_PYTHON = (3, 11)
CLOCK_TOLERANCE = timedelta(days=1)
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Not `ok` is a fault; `ok` with a `next_step` is advice; `ok` without one is all well.
    """

    name: str
    ok: bool
    what: str
    next_step: str | None = None


def diagnose(
    settings: Settings, *, now: Now = utc_now, environment: Mapping[str, str] = environ
) -> list[Finding]:
    """Look at everything that commonly goes wrong, and say what to do about it."""
    running = holder(settings.folder.lock)
    return [
        _python(),
        _sqlite(),
        _variables(environment),
        _data_folder(settings.data_dir),
        _token("token", settings.folder.token),
        _token("menu bar token", settings.folder.menubar_token),
        _daemon(settings, running),
        _port(settings, running),
        _disk(settings),
        _clock(settings.data_dir, now),
        _database(settings.data_dir),
    ]


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        return Finding(
            "python", False, f"Python {found} is too old", "install Python 3.11 or newer"
        )
    return Finding("python", True, f"Python {found}")


def _sqlite() -> Finding:
    found = ".".join(map(str, sqlite_version()))
    if sqlite_version() >= advised_sqlite_version():
        return Finding("sqlite", True, f"SQLite {found}")
    advised = ".".join(map(str, advised_sqlite_version()))
    return Finding(
        "sqlite",
        True,
        f"SQLite {found} can damage a file that several connections write to, which selfd does "
        f"not do; mended in {advised}",
        "pip install 'selfd[sqlite]' brings a newer one",
    )


def _variables(environment: Mapping[str, str]) -> Finding:
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


def _data_folder(folder: Path) -> Finding:
    name = repr(str(folder))
    if not folder.exists():
        return Finding("data folder", True, f"{name} is not there yet; selfd up makes it")
    if not folder.is_dir():
        return Finding("data folder", False, f"{name} is no folder", "choose one with --data-dir")
    found = folder.stat()
    if found.st_uid != geteuid():
        return Finding(
            "data folder",
            False,
            f"{name} belongs to user {found.st_uid}",
            "choose one of your own with --data-dir",
        )
    if not access(folder, W_OK | X_OK):
        return Finding(
            "data folder", False, f"{name} cannot be written to", f"run chmod u+rwx {name}"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        return Finding(
            "data folder", True, f"{name} can be entered by others", f"run chmod 700 {name}"
        )
    return Finding("data folder", True, f"{name} is yours alone")


def _token(name: str, path: Path) -> Finding:
    try:
        read_token(path)
    except FileNotFoundError:
        return Finding(name, True, "there is none yet; selfd up makes it")
    except TokenFileError as error:
        what, _, next_step = str(error).partition(": ")
        return Finding(name, False, what, next_step)
    return Finding(name, True, "only you can read it")


def _daemon(settings: Settings, running: int | None) -> Finding:
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


def _port(settings: Settings, running: int | None) -> Finding:
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


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    what = f"{free // MEGABYTE} MB free"
    if free < settings.disk.floor_bytes:
        return Finding(
            "disk",
            False,
            f"{what}; selfd only reads below {settings.disk.floor_bytes // MEGABYTE} MB",
            f"free some space on the disk of {str(folder)!r}",
        )
    return Finding("disk", True, what)


def _clock(folder: Path, now: Now) -> Finding:
    """Compare the clock with the newest file that we wrote: it cannot be from the future."""
    written = [path.stat().st_mtime for path in folder.glob("*.db*")] if folder.is_dir() else []
    ahead = max(written, default=0.0) - now().timestamp()
    if ahead > CLOCK_TOLERANCE.total_seconds():
        days = round(ahead / 86_400, 1)
        return Finding(
            "clock",
            False,
            f"this machine's clock is {days} days behind what was last written",
            "set the clock: memories are dated by it",
        )
    return Finding("clock", True, f"{now():%Y-%m-%d %H:%M} UTC")


def _database(folder: Path) -> Finding:
    restore = "selfd restore BACKUP --into NEW_FOLDER; the damaged file is kept"
    try:
        complaints = inspect_store(folder)
    except StorageError as error:
        what, _, next_step = str(error).partition(": ")
        return Finding("database", False, what, next_step or restore)
    if complaints:
        return Finding("database", False, f"damaged: {'; '.join(complaints)}", restore)
    return Finding(
        "database", True, "sound" if folder.joinpath("selfd.db").exists() else "none yet"
    )
