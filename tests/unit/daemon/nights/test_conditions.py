"""When the machine may be used, and when what runs must stand still."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from selfd_daemon.nights.conditions import Conditions
from support.nights import AT_REST

MAC = Conditions(600.0, 5_000_000_000, platform="darwin")
LINUX = Conditions(600.0, 5_000_000_000, platform="linux")


def test_a_machine_at_rest_may_be_used() -> None:
    assert MAC.against_beginning(AT_REST) is None
    assert LINUX.against_going_on(AT_REST) is None


def test_a_machine_that_tells_nothing_is_taken_to_agree() -> None:
    silent = replace(
        AT_REST,
        on_battery=None,
        low_power_mode=None,
        thermal_pressure=None,
        idle_seconds=None,
        display_asleep=None,
    )
    assert MAC.against_beginning(silent) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"on_battery": True}, "not on power"),
        ({"low_power_mode": True}, "saves power"),
        ({"thermal_pressure": "serious"}, "hot"),
        ({"idle_seconds": 3.0}, "used"),
        ({"display_asleep": False}, "display is on"),
        ({"disk_free": 1_000_000_000}, "1.0 GB left"),
    ],
)
def test_what_runs_stands_still(change: dict[str, Any], reason: str) -> None:
    told = MAC.against_going_on(replace(AT_REST, **change))
    assert told is not None
    assert reason in told


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"idle_seconds": 300.0}, "used 300 s ago"),
        ({"cpu_load": 0.9}, "busy"),
        ({"battery_share": 0.3}, "charged to 30%"),
        ({"on_battery": True}, "not on power"),
    ],
)
def test_a_night_does_not_begin(change: dict[str, Any], reason: str) -> None:
    told = LINUX.against_beginning(replace(AT_REST, **change))
    assert told is not None
    assert reason in told


def test_its_own_load_and_a_lit_display_elsewhere_hold_nothing_up() -> None:
    assert LINUX.against_going_on(replace(AT_REST, cpu_load=1.0, display_asleep=False)) is None
