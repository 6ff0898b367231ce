"""Connections whose every address is checked at the moment it is dialled.

Checking a name first and connecting by name later would leave its owner the time to answer with
another address in between. Here the answer that was checked is the one that is dialled; TLS and the
Host header keep the name.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore2
import httpx2

_KEEP_ALIVE_SECONDS = 5.0


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to what `addresses` gives, and to nothing else."""

    def __init__(self) -> None:
        self._dialler = httpcore2.AnyIOBackend()

    @abstractmethod
    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return at least one address that may be dialled, best first; or raise why not."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Dial the checked addresses in turn; `timeout` is for each."""
        failure: Exception | None = None
        for address in await self.addresses(host, port):
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
        """Refuse: a client whose every address is checked names none of these."""
        raise httpcore2.ConnectError(f"{path!r} is a socket file, which is not dialled")

    async def sleep(self, seconds: float) -> None:
        """Wait between retries, of which the pool makes none."""
        await asyncio.sleep(seconds)


class CheckedTransport(httpx2.AsyncHTTPTransport):
    """The HTTP transport over one pool of checked connections, HTTP/2 where the server has it."""

    def __init__(self, backend: CheckedBackend, *, connections: int) -> None:
        # Not super().__init__(): it would build the pool that dials without asking. What the base
        # class does with `_pool` is private to it, hence the cap on its version and a test.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            http1=True,
            http2=True,
            network_backend=backend,
        )
