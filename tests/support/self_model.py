"""A self-model with a machine that does as it is told, and clocks that stand still."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from selfd_daemon.bus import EventBus
from selfd_daemon.host.state import HostState
from selfd_daemon.jobs import JobRunner
from selfd_daemon.self_model.measuring import Measuring
from selfd_daemon.self_model.service import SelfModelService
from selfd_daemon.self_model.workspace import Workspace
from selfd_daemon.settings import Settings
from selfd_storage import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATE = HostState(
    at=NOON,
    device="a machine",
    cpu_load=0.25,
    memory_total=16_000_000_000,
    memory_available=8_000_000_000,
    resident_memory=100_000_000,
    disk_free=500_000_000_000,
    on_battery=False,
    battery_share=0.8,
    low_power_mode=False,
    thermal_pressure="nominal",
    watts=12.5,
    idle_seconds=60.0,
    display_asleep=False,
)


@dataclass
class Machine:
    """A host whose state a test sets."""

    state: HostState = STATE

    def sample(self, at: datetime) -> HostState:
        return replace(self.state, at=at)


@dataclass
class Clocks:
    """Two clocks that move together."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@dataclass
class Self:
    """Everything that a self-model is made of."""

    store: Store
    bus: EventBus
    jobs: JobRunner
    machine: Machine
    clocks: Clocks
    workspace: Workspace
    measuring: Measuring
    service: SelfModelService
    settings: Settings
    problems: list[str] = field(default_factory=list)

    async def hear(self) -> None:
        """Let everything in the log compete."""
        heard = await self.store.events.page(0)
        self.workspace.hear([each for each in heard if each.kind != "thought.noted"])
