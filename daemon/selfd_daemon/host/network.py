"""Whether using the network costs its owner something, as far as this machine tells.

NetworkManager knows of metered connections on Linux: its D-Bus property `Metered` (1 yes, 3 guessed
so, by the kind of device or by what an Android phone says in DHCP), or nmcli where busctl is not
there. macOS tells of paths that are expensive, such as a phone's hotspot, and of the Low Data Mode
that its owner switched on for a network. An iPhone's personal hotspot is known by its network,
172.20.10.0/28, wherever nothing else tells.
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
_BUSCTL = (
    *("busctl", "--system", "get-property", "org.freedesktop.NetworkManager"),
    *("/org/freedesktop/NetworkManager", "org.freedesktop.NetworkManager", "Metered"),
)
_NMCLI = ("nmcli", "-g", "GENERAL.METERED", "device", "show")
_PATH_MONITOR = (sys.executable, "-m", "selfd_daemon.host.path_monitor")

Run = Callable[[tuple[str, ...]], str]


def is_metered(
    addresses: Callable[[], Iterable[str]] | None = None, run: Run | None = None
) -> bool | None:
    """Say whether the network is metered; None where nobody tells. It may take two seconds."""
    found = list((addresses or _addresses)())
    if any(IPv4Address(address) in HOTSPOT for address in found):
        return True
    if sys.platform == "darwin":
        return {"1": True, "0": False}.get((run or _run)(_PATH_MONITOR).strip())
    if sys.platform == "linux":
        return _networkmanager(run or _run)
    return None


def _networkmanager(run: Run) -> bool | None:
    said = run(_BUSCTL).strip()
    if said:
        return {"u 1": True, "u 3": True, "u 2": False, "u 4": False}.get(said)
    devices = [line.split(" ")[0] for line in run(_NMCLI).splitlines()]  # yes, no, yes (guessed)
    if "yes" in devices:
        return True
    return False if "no" in devices else None


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
