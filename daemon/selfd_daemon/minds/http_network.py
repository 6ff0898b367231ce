"""Connections to servers of models: this machine, and hosts that the owner allowed by name.

The address is checked when it is dialled, so that a name that is said to be this machine is.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore2
import httpx2

from selfd_daemon.minds.errors import MindAddressError, MindOfflineError, MindPeerError

KEEP_ALIVE_SECONDS = 5.0


class LocalBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to loopback addresses, and to hosts that were allowed."""

    def __init__(self, allowed: Sequence[str], *, offline: bool) -> None:
        self._allowed = frozenset(host.lower() for host in allowed)
        self._offline = offline
        self._dialler = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, check and dial the checked address."""
        failure: Exception | None = None
        for address in await self._addresses(host, port):
            try:
                return await self._dialler.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = failure or error
        assert failure is not None
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: minds are behind ports."""
        raise MindAddressError(f"{path!r} is a socket file: give the server's URL")

    async def sleep(self, seconds: float) -> None:
        """Wait between retries, of which the pool makes none."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
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


class LocalTransport(httpx2.AsyncHTTPTransport):
    """The HTTP transport over one pool of checked connections."""

    def __init__(self, allowed: Sequence[str], *, offline: bool, connections: int) -> None:
        # Not super().__init__(), which would dial without asking; see feeds/network.py.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=KEEP_ALIVE_SECONDS,
            http1=True,
            network_backend=LocalBackend(allowed, offline=offline),
        )


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
