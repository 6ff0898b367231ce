"""The connections of the feed reader: every address is checked at the moment it is dialled.

Checking a name first and connecting by name later would leave its owner the time to answer with
another address in between. Here the answer that was checked is the one that is dialled; TLS and the
Host header keep the name.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import httpcore2
import httpx2

from selfd_daemon.feeds.addresses import PUBLIC_PORTS, AllowedHosts, is_public
from selfd_daemon.feeds.errors import (
    AddressError,
    AddressRefusedError,
    NetworkDownError,
    UnreachableError,
)

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_MAX_DIALLED = 4  # addresses of one host that are tried
_RESOLVER_THREADS = 4  # a network that swallows questions must not occupy everybody's threads
_KEEP_ALIVE_SECONDS = 5.0


class SystemResolver:
    """The machine's own resolver, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolver")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host, best first."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [str(entry[4][0]) for entry in found]

    def close(self) -> None:
        """Let the threads go; a question without an answer does not hold up the stop."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections to public addresses, and to the hosts that the owner allowed."""

    def __init__(self, resolve: Resolve, allowed: AllowedHosts) -> None:
        self._resolve = resolve
        self._allowed = allowed
        self._dialler = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the base class's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Resolve, check and dial the checked address; `timeout` is for each address."""
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
        """Refuse: no feed is behind a socket file."""
        raise AddressError(f"{path!r} is a socket file, which is not fetched")

    async def sleep(self, seconds: float) -> None:
        """Wait between retries, of which the pool makes none."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            found = list(dict.fromkeys(await self._resolve(host, port)))
        except OSError as error:
            if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
                raise NetworkDownError(
                    f"no name server answers for {host!r}: check the network"
                ) from error
            raise UnreachableError(no_address(host)) from error
        except UnicodeError as error:  # a label of more than 63 characters
            raise AddressError(f"{host!r} cannot be a host name") from error
        if not found:
            raise UnreachableError(no_address(host))
        if not self._allowed.permit(host, port):
            self._refuse_private(host, port, found)
        return found[:_MAX_DIALLED]

    def _refuse_private(self, host: str, port: int, found: Sequence[str]) -> None:
        """Raise unless every address is public: one private answer among others is an attack."""
        private = next((address for address in found if not is_public(address)), None)
        if private is not None:
            raise AddressRefusedError(
                f"{host!r} is at {private}, which is not a public address: if you trust it, "
                f"add {host} to feeds.allow_private"
            )
        if port not in PUBLIC_PORTS:
            raise AddressRefusedError(
                f"port {port} of {host!r} is none that feeds use: if you trust it, "
                f"add {host}:{port} to feeds.allow_private"
            )


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """The HTTP transport over one pool of guarded connections, HTTP/2 where the server has it."""

    def __init__(self, resolve: Resolve, allowed: AllowedHosts, *, connections: int) -> None:
        # Not super().__init__(): it would build the pool that dials without asking. What the base
        # class does with `_pool` is private to it, hence the cap on its version and a test.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            http1=True,
            http2=True,
            network_backend=GuardedBackend(resolve, allowed),
        )


def no_address(host: str) -> str:
    """Say that a name leads nowhere."""
    return f"no address is known for {host!r}: check its spelling and your network"
