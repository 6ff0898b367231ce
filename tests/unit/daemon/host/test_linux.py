"""Linux, on folders that look like /sys and on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.host.linux import LinuxHost
from selfd_daemon.host.local import this_host
from selfd_daemon.host.state import HostState

AT = datetime(2026, 11, 21, tzinfo=UTC)
LAPTOP = {
    "sys/class/power_supply/AC/type": "Mains",
    "sys/class/power_supply/AC/online": "0",
    "sys/class/power_supply/BAT0/type": "Battery",
    "sys/class/power_supply/BAT0/status": "Discharging",
    "sys/class/power_supply/BAT0/capacity": "41",
    "sys/class/power_supply/BAT0/power_now": "7250000",
    "sys/class/power_supply/mouse/type": "Battery",
    "sys/class/power_supply/mouse/scope": "Device",
    "sys/class/power_supply/mouse/capacity": "3",
    "sys/class/thermal/thermal_zone0/temp": "52000",
    "sys/class/thermal/thermal_zone0/trip_point_0_temp": "95000",
    "sys/class/thermal/thermal_zone0/trip_point_0_type": "passive",
    "sys/class/drm/card0-eDP-1/dpms": "Off",
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: A Fine CPU\n",
}


class Ticking:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")


def sample(root: Path, files: Mapping[str, str]) -> HostState:
    write(root, files)
    return LinuxHost(root, root=root, clock=Ticking()).sample(AT)


def test_a_laptop_on_its_battery_is_read(tmp_path: Path) -> None:
    state = sample(tmp_path, LAPTOP)
    assert state.on_battery is True
    assert state.battery_share == 0.41  # not the mouse's
    assert state.watts == 7.25
    assert state.thermal_pressure == "nominal"
    assert state.display_asleep is True
    assert state.device == "A Fine CPU"


def test_plugging_in_is_seen(tmp_path: Path) -> None:
    plugged = LAPTOP | {
        "sys/class/power_supply/AC/online": "1",
        "sys/class/power_supply/BAT0/status": "Charging",
    }
    state = sample(tmp_path, plugged)
    assert state.on_battery is False
    assert state.watts is None


@pytest.mark.parametrize(
    ("heat", "kind", "pressure"),
    [
        ("89000", "passive", "nominal"),
        ("90000", "passive", "serious"),
        ("96000", "active", "fair"),
        ("96000", "critical", "critical"),
    ],
)
def test_heat_is_told_by_the_nearest_trip_point(
    tmp_path: Path, heat: str, kind: str, pressure: str
) -> None:
    hot = LAPTOP | {
        "sys/class/thermal/thermal_zone0/temp": heat,
        "sys/class/thermal/thermal_zone0/trip_point_0_type": kind,
    }
    assert sample(tmp_path, hot).thermal_pressure == pressure


def test_power_is_the_energy_between_two_samples(tmp_path: Path) -> None:
    counter = "sys/class/powercap/intel-rapl:0/energy_uj"
    clock = Ticking()
    write(tmp_path, {counter: "5000000"})
    host = LinuxHost(tmp_path, root=tmp_path, clock=clock)
    assert host.sample(AT).watts is None
    clock.now += 10
    write(tmp_path, {counter: "155000000"})
    assert host.sample(AT).watts == 15.0
    clock.now += 10
    write(tmp_path, {counter: "1000"})  # the counter wrapped
    assert host.sample(AT).watts is None


def test_idleness_is_the_time_since_the_last_touch(tmp_path: Path) -> None:
    write(tmp_path, {"dev/pts/0": "", "dev/pts/1": "", "dev/null": ""})
    os.utime(tmp_path / "dev/pts/0", (400, 400))
    os.utime(tmp_path / "dev/pts/1", (940, 940))
    assert sample(tmp_path, {}).idle_seconds == 60


def test_a_machine_that_tells_nothing_is_not_guessed_at(tmp_path: Path) -> None:
    state = sample(tmp_path, {"proc/cpuinfo": "processor : 0"})
    unknown = (
        state.on_battery,
        state.battery_share,
        state.thermal_pressure,
        state.watts,
        state.idle_seconds,
        state.display_asleep,
        state.low_power_mode,
    )
    assert unknown == (None,) * 7
    assert state.device == os.uname().machine


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="no measuring for this system")
def test_this_machine_is_measured(tmp_path: Path) -> None:
    state = this_host(tmp_path).sample(AT)
    assert state.at == AT
    assert state.device
    assert 0 <= state.cpu_load <= 1
    assert 0 < state.resident_memory < state.memory_total
    assert 0 < state.memory_available <= state.memory_total
    assert state.disk_free > 0
