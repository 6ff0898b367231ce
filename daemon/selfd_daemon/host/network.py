"""Whether using the network costs its owner something, as far as this machine tells.

NetworkManager knows of metered connections on Linux (its D-Bus property `Metered`: 1 yes, 3 guessed
so). macOS keeps it to its own frameworks; there, and elsewhere, an iPhone's personal hotspot is
known by its network, 172.20.10.0/28.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network
from socket import AF_INET

import psutil

HOTSPOT = IPv4Network("172.20.10.0/28")
PATIENCE = 2.0  # seconds for the system's own tool
_NETWORK_MANAGER = (
    *("busctl", "--system", "get-property", "org.freedesktop.NetworkManager"),
    *("/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager", "Metered"),
)
_METERED = {"u 1": True, "u 3": True, "u 2": False, "u 4": False}

Run = Callable[[tuple[str, ...]], str]


def is_metered(
    addresses: Callable[[], Iterable[str]] | None = None, run: Run | None = None
) -> bool | None:
    """Say whether the network is metered; None where nobody tells. It takes milliseconds."""
    found = list((addresses or _addresses)())
    if any(IPv4Address(address) in HOTSPOT for address in found):
        return True
    if sys.platform != "linux":
        return None
    return _METERED.get((run or _run)(_NETWORK_MANAGER).strip())


def _addresses() -> Iterable[str]:
    for each in psutil.net_if_addrs().values():
        yield from (address.address for address in each if address.family == AF_INET)


def _run(command: tuple[str, ...]) -> str:
    """Return what a tool prints; nothing when it is not there, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
