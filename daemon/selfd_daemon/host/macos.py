"""macOS: system frameworks through ctypes, pmset and ioreg where there is no cheap call.

Sources: NSProcessInfo (thermalState, lowPowerModeEnabled), CGDisplayIsAsleep, pmset(1), ioreg(8)
with IOHIDSystem's HIDIdleTime and AppleSmartBattery's InstantAmperage and Voltage.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import re
import subprocess
from datetime import datetime
from pathlib import Path

import psutil

from selfd_daemon.host.state import HostState, ThermalPressure

PATIENCE = 5.0  # seconds for one of the system's own tools
THERMAL_STATES: tuple[ThermalPressure, ...] = ("nominal", "fair", "serious", "critical")


class MacHost:
    """Samples a Mac."""

    def __init__(self, data_folder: Path) -> None:
        self._data = data_folder
        self._process = psutil.Process()
        self._device = (
            _run("sysctl", "-n", "machdep.cpu.brand_string").strip() or os.uname().machine
        )

    def sample(self, at: datetime) -> HostState:
        memory = psutil.virtual_memory()
        power = _run("pmset", "-g", "batt")
        battery = _run("ioreg", "-rn", "AppleSmartBattery")
        return HostState(
            at=at,
            device=self._device,
            cpu_load=min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)),
            memory_total=memory.total,
            memory_available=memory.available,
            resident_memory=self._process.memory_info().rss,
            disk_free=psutil.disk_usage(str(self._data)).free,
            on_battery=parse_on_battery(power),
            battery_share=parse_battery_share(power),
            low_power_mode=_process_info_flag(b"isLowPowerModeEnabled"),
            thermal_pressure=_thermal_pressure(),
            watts=parse_battery_watts(battery),
            idle_seconds=parse_idle_seconds(_run("ioreg", "-c", "IOHIDSystem", "-d", "4")),
            display_asleep=_display_asleep(),
        )


def parse_on_battery(power: str) -> bool | None:
    """Read `pmset -g batt`: "Now drawing from 'Battery Power'"; None where it says nothing."""
    found = re.search(r"drawing from '(\w+) Power'", power)
    return found.group(1) == "Battery" if found else None


def parse_battery_share(power: str) -> float | None:
    """Read the charge from `pmset -g batt`; None on a Mac without a battery."""
    found = re.search(r"(\d{1,3})%", power)
    return int(found.group(1)) / 100 if found else None


def parse_battery_watts(battery: str) -> float | None:
    """Read what the battery gives from ioreg: milliamperes, negative while it drains, times mV."""
    amperes = re.search(r'"InstantAmperage" = (\d+)', battery)
    volts = re.search(r'"Voltage" = (\d+)', battery)
    if not amperes or not volts:
        return None
    current = int(amperes.group(1))
    if current >= 1 << 63:  # ioreg prints a negative number as unsigned 64-bit
        current -= 1 << 64
    return -current * int(volts.group(1)) / 1e6 if current < 0 else None


def parse_idle_seconds(report: str) -> float | None:
    """Read IOHIDSystem's HIDIdleTime, nanoseconds, from ioreg."""
    found = re.search(r'"HIDIdleTime" = (\d+)', report)
    return int(found.group(1)) / 1e9 if found else None


def _run(*command: str) -> str:
    """Return what a tool of the system prints; empty when it fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _framework(name: str) -> ctypes.CDLL | None:
    path = ctypes.util.find_library(name)
    return ctypes.CDLL(path) if path else None


def _process_info(selector: bytes) -> int | None:
    """Send one selector without arguments to NSProcessInfo's processInfo."""
    objc, foundation = _framework("objc"), _framework("Foundation")
    if objc is None or foundation is None:
        return None
    objc.objc_getClass.restype = objc.sel_registerName.restype = ctypes.c_void_p
    send = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)(
        ("objc_msgSend", objc)
    )
    info = send(objc.objc_getClass(b"NSProcessInfo"), objc.sel_registerName(b"processInfo"))
    answer = send(info, objc.sel_registerName(selector))
    return int(answer or 0)


def _process_info_flag(selector: bytes) -> bool | None:
    answer = _process_info(selector)
    return None if answer is None else bool(answer & 1)


def _thermal_pressure() -> ThermalPressure | None:
    state = _process_info(b"thermalState")
    return None if state is None or state >= len(THERMAL_STATES) else THERMAL_STATES[state]


def _display_asleep() -> bool | None:
    graphics = _framework("CoreGraphics")
    if graphics is None:
        return None
    graphics.CGMainDisplayID.restype = ctypes.c_uint32
    graphics.CGDisplayIsAsleep.argtypes = [ctypes.c_uint32]
    return bool(graphics.CGDisplayIsAsleep(graphics.CGMainDisplayID()))
