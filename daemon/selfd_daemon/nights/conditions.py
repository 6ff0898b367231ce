"""When the machine may be used at night, judged from one sample of it.

The limits follow what macOS asks of background work, and one trap: with the display on, its GPU
watchdog kills a training, so on a Mac the display must be asleep.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from selfd_daemon.host.state import HostState

MOST_LOAD = 0.7  # of all cores, by others, before a night begins
LEAST_CHARGE = 0.5
RETURNED_SECONDS = 60.0  # touched this recently: its owner is back


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a night asks of the machine; a machine that does not tell is taken to agree."""

    idle_seconds: float
    min_free_bytes: int
    platform: str = sys.platform

    def against_beginning(self, state: HostState) -> str | None:
        """Say why a night may not begin now; None: it may."""
        if state.idle_seconds is not None and state.idle_seconds < self.idle_seconds:
            return f"the machine was used {state.idle_seconds:.0f} s ago"
        if state.cpu_load > MOST_LOAD:
            return f"the machine is busy: its load is {state.cpu_load:.0%}"
        if state.battery_share is not None and state.battery_share < LEAST_CHARGE:
            return f"the battery is charged to {state.battery_share:.0%} only"
        return self.against_going_on(state)

    def against_going_on(self, state: HostState) -> str | None:
        """Say why what runs must pause; None: it may go on. Its own load does not count."""
        if state.on_battery:
            return "the machine is not on power"
        if state.low_power_mode:
            return "the machine saves power"
        if state.thermal_pressure in ("serious", "critical"):
            return f"the machine is hot: its thermal pressure is {state.thermal_pressure}"
        if state.idle_seconds is not None and state.idle_seconds < RETURNED_SECONDS:
            return "the machine is being used"
        if self.platform == "darwin" and state.display_asleep is False:
            return "the display is on"
        if state.disk_free < self.min_free_bytes:
            return f"the disk has {state.disk_free / 1e9:.1f} GB left"
        return None
