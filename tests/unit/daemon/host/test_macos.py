"""What Macs print, read anywhere."""

from __future__ import annotations

import pytest

from selfd_daemon.host.macos import (
    parse_battery_share,
    parse_battery_watts,
    parse_idle_seconds,
    parse_on_battery,
)

ON_BATTERY = """Now drawing from 'Battery Power'
 -InternalBattery-0 (id=21233763)\t87%; discharging; 9:14 remaining present: true
"""
ON_POWER = """Now drawing from 'AC Power'
 -InternalBattery-0 (id=21233763)\t100%; charged; 0:00 remaining present: true
"""
DESKTOP = "Now drawing from 'AC Power'\n"


@pytest.mark.parametrize(
    ("printed", "on_battery", "share"),
    [(ON_BATTERY, True, 0.87), (ON_POWER, False, 1.0), (DESKTOP, False, None), ("", None, None)],
)
def test_pmset_is_read(printed: str, on_battery: bool | None, share: float | None) -> None:
    assert parse_on_battery(printed) is on_battery
    assert parse_battery_share(printed) == share


def test_a_draining_battery_tells_its_watts() -> None:
    draining = '"InstantAmperage" = 18446744073709550616\n"Voltage" = 12500'  # -1000 mA
    assert parse_battery_watts(draining) == 12.5


def test_a_charging_battery_tells_no_watts() -> None:
    assert parse_battery_watts('"InstantAmperage" = 1500\n"Voltage" = 12500') is None
    assert parse_battery_watts("") is None


def test_idleness_comes_in_nanoseconds() -> None:
    report = '    | |   "HIDIdleTime" = 2500000000\n'
    assert parse_idle_seconds(report) == 2.5
    assert parse_idle_seconds("nothing of the kind") is None
