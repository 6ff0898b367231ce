"""The connections of the feed reader: to public addresses, and to what the owner allowed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from selfd_daemon.dialling import CheckedBackend
from selfd_daemon.feeds.errors import (
    AddressError,
    AddressRefusedError,
    NetworkDownError,
    UnreachableError,
)
from selfd_daemon.feeds.fetching.addresses import PUBLIC_PORTS, AllowedHosts, is_public

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]

_MAX_DIALLED = 4  # addresses of one host that are tried
_RESOLVER_THREADS = 4  # a network that swallows questions must not occupy everybody's threads


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


class GuardedBackend(CheckedBackend):
    """Opens TCP connections to public addresses, and to the hosts that the owner allowed."""

    def __init__(self, resolve: Resolve, allowed: AllowedHosts) -> None:
        super().__init__()
        self._resolve = resolve
        self._allowed = allowed

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Resolve a host, and refuse it unless all that it has is public or allowed."""
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


def no_address(host: str) -> str:
    """Say that a name leads nowhere."""
    return f"no address is known for {host!r}: check its spelling and your network"
