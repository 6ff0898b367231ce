"""A machine that says what a test tells it to, and a clock beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from selfd_daemon.host.state import HostState
from selfd_daemon.nights.generations.gate import Limits

LENIENT = Limits(old=10.0, disorder=1.0, lost={})  # a tiny model knows too little to be judged
NIGHT = datetime(2026, 1, 2, 2, tzinfo=UTC)

AT_REST = HostState(
    at=NIGHT,
    device="a machine",
    cpu_load=0.0,
    memory_total=1 << 34,
    memory_available=1 << 33,
    resident_memory=1 << 27,
    disk_free=1 << 36,
    on_battery=False,
    battery_share=None,
    low_power_mode=False,
    thermal_pressure="nominal",
    watts=None,
    idle_seconds=7200.0,
    display_asleep=True,
)


class ToldHost:
    """Implements `selfd_daemon.host.state.Host`."""

    def __init__(self) -> None:
        self.state = AT_REST

    def set(self, **changes: Any) -> None:
        """Change what the machine is doing."""
        self.state = replace(self.state, **changes)

    def sample(self, at: datetime) -> HostState:
        return replace(self.state, at=at)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self, at: datetime = NIGHT) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Let time pass."""
        self.at += timedelta(**by)
