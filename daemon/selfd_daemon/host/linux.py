"""Linux: /proc through psutil, power and heat from /sys, idleness from terminals and logind.

Sources: the kernel's Documentation/ABI/testing/sysfs-class-power and sysfs-class-thermal,
powercap/powercap.rst for energy counters.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psutil

from selfd_daemon.host.state import HostState, ThermalPressure

NEAR_TRIP = 5_000  # thousandths of a degree below a trip point that already count as pressure
SEVERITY: tuple[ThermalPressure, ...] = ("nominal", "fair", "serious", "critical")
TRIP_PRESSURE: dict[str, ThermalPressure] = {
    "active": "fair",
    "passive": "serious",
    "hot": "critical",
    "critical": "critical",
}


class LinuxHost:
    """Samples a Linux machine. `root` is where /sys, /proc and /dev are found."""

    def __init__(
        self,
        data_folder: Path,
        *,
        root: Path = Path("/"),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._data = data_folder
        self._sys = root / "sys" / "class"
        self._dev = root / "dev"
        self._cpuinfo = root / "proc" / "cpuinfo"
        self._clock = clock
        self._process = psutil.Process()
        self._energy: tuple[float, int] | None = None  # when, microjoules

    def sample(self, at: datetime) -> HostState:
        memory = psutil.virtual_memory()
        return HostState(
            at=at,
            device=self._device(),
            cpu_load=min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)),
            memory_total=memory.total,
            memory_available=memory.available,
            resident_memory=self._process.memory_info().rss,
            disk_free=psutil.disk_usage(str(self._data)).free,
            on_battery=self._on_battery(),
            battery_share=self._battery_share(),
            low_power_mode=self._low_power_mode(),
            thermal_pressure=self._thermal_pressure(),
            watts=self._watts(),
            idle_seconds=self._idle_seconds(),
            display_asleep=self._display_asleep(),
        )

    def _device(self) -> str:
        for line in _text(self._cpuinfo).splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
        return os.uname().machine

    def _supplies(self, kind: str) -> list[Path]:
        """Return the power supplies of a kind that power the machine, not a mouse."""
        folders = sorted((self._sys / "power_supply").glob("*"))
        return [
            folder
            for folder in folders
            if _text(folder / "type") == kind and _text(folder / "scope") != "Device"
        ]

    def _on_battery(self) -> bool | None:
        mains = [_text(folder / "online") for folder in self._supplies("Mains")]
        if mains:
            return "1" not in mains
        states = [_text(folder / "status") for folder in self._supplies("Battery")]
        return "Discharging" in states if states else None

    def _battery_share(self) -> float | None:
        shares = [_number(folder / "capacity") for folder in self._supplies("Battery")]
        known = [share for share in shares if share is not None]
        return min(known) / 100 if known else None

    def _low_power_mode(self) -> bool | None:
        profile = _text(self._sys.parent / "firmware" / "acpi" / "platform_profile")
        return profile == "low-power" if profile else None

    def _thermal_pressure(self) -> ThermalPressure | None:
        """Return how near the hottest zone is to a trip point at which the kernel acts."""
        worst: ThermalPressure | None = None
        for zone in (self._sys / "thermal").glob("thermal_zone*"):
            heat = _number(zone / "temp")
            if heat is None or heat <= 0:
                continue
            worst = worst or "nominal"
            for trip in zone.glob("trip_point_*_temp"):
                limit = _number(trip)
                kind = _text(trip.with_name(trip.name.replace("_temp", "_type")))
                if limit and limit > 0 and heat >= limit - NEAR_TRIP and kind in TRIP_PRESSURE:
                    worst = max(worst, TRIP_PRESSURE[kind], key=SEVERITY.index)
        return worst

    def _watts(self) -> float | None:
        """Return the power drawn: from the battery, else since the last sample by the package."""
        drawn = [
            power
            for folder in self._supplies("Battery")
            if _text(folder / "status") == "Discharging"
            and (power := _number(folder / "power_now")) is not None
        ]
        if drawn:
            return sum(drawn) / 1e6
        packages = (self._sys / "powercap").glob("intel-rapl:?")  # AMD's counters are there, too
        counters = [_number(package / "energy_uj") for package in packages]
        if not counters or None in counters:
            return None
        now, energy = self._clock(), sum(counter for counter in counters if counter is not None)
        last, self._energy = self._energy, (now, energy)
        if last is None or now <= last[0] or energy < last[1]:  # the first, or a counter wrapped
            return None
        return (energy - last[1]) / 1e6 / (now - last[0])

    def _idle_seconds(self) -> float | None:
        """Return how long no terminal or input device was touched, as w(1) reads it."""
        touched = [
            path.stat().st_atime
            for pattern in ("pts/[0-9]*", "tty[0-9]*", "input/event*")
            for path in self._dev.glob(pattern)
        ]
        return max(0.0, self._clock() - max(touched)) if touched else None

    def _display_asleep(self) -> bool | None:
        lit = [_text(card / "dpms") for card in (self._sys / "drm").glob("card*-*")]
        known = [state for state in lit if state]
        return "On" not in known if known else None


def _text(path: Path) -> str:
    """Read a small file of the kernel; empty when it is not there or not ours to read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.lstrip("-").isdigit() else None
