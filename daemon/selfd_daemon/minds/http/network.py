"""Connections to servers of models: this machine, and hosts that the owner allowed by name."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

from selfd_daemon.dialling import CheckedBackend
from selfd_daemon.minds.errors import MindAddressError, MindOfflineError, MindPeerError


class LocalBackend(CheckedBackend):
    """Opens TCP connections to loopback addresses, and to hosts that were allowed."""

    def __init__(self, allowed: Sequence[str], *, offline: bool) -> None:
        super().__init__()
        self._allowed = frozenset(host.lower() for host in allowed)
        self._offline = offline

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Resolve a host, and refuse it unless it is this machine or was allowed."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise MindPeerError(f"no address is known for {host!r}: check its spelling") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        elsewhere = next((each for each in addresses if not _is_loopback(each)), None)
        if elsewhere is not None and host.lower() not in self._allowed:
            raise MindAddressError(
                f"{host!r} is at {elsewhere}, another machine, which would read what you ask: "
                f"if you trust it, add {host} to minds.allow_hosts"
            )
        if elsewhere is not None and self._offline:
            raise MindOfflineError(
                f"{host!r} is another machine, and selfd is offline: start it without --offline"
            )
        return addresses


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
