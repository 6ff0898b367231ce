"""The machine: Python, SQLite, memory, disk, clock, and what the models run on."""

from __future__ import annotations

import platform
import shutil
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

import psutil

from selfd_daemon.clock import Now
from selfd_daemon.doctor.finding import Finding
from selfd_daemon.settings import Settings
from selfd_models.decoding.compiled.library import kernels
from selfd_storage import advised_sqlite_version, sqlite_version

LEAST_PYTHON = (3, 11)
LEAST_MEMORY = 400_000_000  # bytes: the daemon with its models, and some room
CLOCK_TOLERANCE = timedelta(days=1)
MEGABYTE = 1_000_000


def python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < LEAST_PYTHON:
        return Finding(
            "python", False, f"Python {found} is too old", "install Python 3.11 or newer"
        )
    return Finding("python", True, f"Python {found}")


def sqlite() -> Finding:
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


def backend() -> Finding:
    """Say what the models run on."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    if not find_spec("mlx"):
        advice = "pip install 'selfd[mlx]' brings MLX" if apple else None
        return Finding("models run on", True, "numpy, on the processor", advice)
    if not apple:
        return Finding("models run on", True, "numpy, on the processor; other minds may use MLX")
    import mlx.core as mx

    if mx.metal.is_available():
        return Finding("models run on", True, "MLX, on the graphics cores")
    return Finding(
        "models run on", True, "MLX without graphics cores", "update macOS: MLX needs 14 or newer"
    )


def compiled() -> Finding:
    """Say whether text is made by the compiled kernels."""
    if kernels() is not None:
        return Finding("compiled kernels", True, "the built-in model continues texts with them")
    compiler = "xcode-select --install" if sys.platform == "darwin" else "a package such as gcc"
    return Finding(
        "compiled kernels",
        True,
        "none: the built-in model continues texts with numpy, at a third of the speed or less",
        f"get a C compiler ({compiler}) and install selfd again",
    )


def memory() -> Finding:
    """Say how much memory there is for a daemon."""
    found = psutil.virtual_memory()
    what = f"{found.available // MEGABYTE:,} of {found.total // MEGABYTE:,} MB available"
    if found.available < LEAST_MEMORY:
        return Finding(
            "memory", False, what, f"close some programs: selfd needs {LEAST_MEMORY // MEGABYTE} MB"
        )
    return Finding("memory", True, what)


def disk(settings: Settings) -> Finding:
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


def clock(folder: Path, now: Now) -> Finding:
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
