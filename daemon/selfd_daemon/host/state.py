"""What the machine is doing at one moment, and the Protocol that measures it.

A value is None where this machine does not tell: nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

ThermalPressure: TypeAlias = Literal["nominal", "fair", "serious", "critical"]


@dataclass(frozen=True, slots=True)
class HostState:
    """One sample. Loads and shares are in [0, 1], memory and disk in bytes, power in watts."""

    at: datetime
    device: str
    cpu_load: float
    memory_total: int
    memory_available: int
    resident_memory: int
    disk_free: int
    on_battery: bool | None
    battery_share: float | None
    low_power_mode: bool | None
    thermal_pressure: ThermalPressure | None
    watts: float | None
    idle_seconds: float | None
    display_asleep: bool | None


class Host(Protocol):
    """Measures the machine; a sample takes milliseconds and may be taken on any thread."""

    def sample(self, at: datetime) -> HostState: ...
