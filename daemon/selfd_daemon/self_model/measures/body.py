"""The body: what the machine is doing, sampled cheaply, and what of it changed for the owner."""

from __future__ import annotations

import asyncio
import socket

import psutil

from selfd_daemon.clock import Now
from selfd_daemon.host.state import Host
from selfd_graphql.ports import BodyInfo

# What a journal may tell of, and how it reads.
TOLD = {
    "on_battery": "power",
    "thermal_pressure": "heat",
    "network_up": "network",
    "low_power_mode": "low power mode",
}
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
_NEAR = ("127.", "169.254.", "::1", "fe80:")  # of this machine, and of no network
_WORDS = {
    "on_battery": {True: "battery", False: "mains"},
    "network_up": {True: "up", False: "down"},
    "low_power_mode": {True: "on", False: "off"},
}


class Body:
    """Samples the host on a thread of the pool; macOS asks its own tools, which takes a while."""

    def __init__(self, host: Host, *, backend: str, now: Now) -> None:
        self._host = host
        self._backend = backend
        self._now = now

    async def sample(self) -> BodyInfo:
        """Measure once."""
        return await asyncio.to_thread(self._sample)

    def _sample(self) -> BodyInfo:
        state = self._host.sample(self._now())
        return BodyInfo(
            sampled_at=state.at,
            device=state.device,
            backend=self._backend,
            cpu_load=state.cpu_load,
            memory_total=state.memory_total,
            memory_available=state.memory_available,
            resident_memory=state.resident_memory,
            disk_free=state.disk_free,
            on_battery=state.on_battery,
            battery_share=state.battery_share,
            low_power_mode=state.low_power_mode,
            thermal_pressure=state.thermal_pressure,
            watts=state.watts,
            idle_seconds=state.idle_seconds,
            network_up=network_up(),
        )


def network_up() -> bool | None:
    """Tell whether an interface is up that has an address beyond this machine; nothing is sent."""
    try:
        states, addresses = psutil.net_if_stats(), psutil.net_if_addrs()
    except OSError:
        return None
    return any(
        states[name].isup
        and any(each.family in _FAMILIES and not each.address.startswith(_NEAR) for each in found)
        for name, found in addresses.items()
        if name in states
    )


def changes(before: BodyInfo, after: BodyInfo) -> list[tuple[str, str, str]]:
    """Return what changed of the things that are told of: what, from, to."""
    found = []
    for name, what in TOLD.items():
        was, is_now = getattr(before, name), getattr(after, name)
        if was is not None and is_now is not None and was != is_now:
            words = _WORDS.get(name, {})
            found.append((what, words.get(was, str(was)), words.get(is_now, str(is_now))))
    return found
