"""Telling systemd how the daemon is; does nothing where no systemd listens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping


class ServiceManager:
    """One message at a time to the socket in `$NOTIFY_SOCKET`."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the NUL byte of Linux's abstract sockets.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        microseconds = environ.get("WATCHDOG_USEC", "")
        self._watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() else 0.0

    def tell(self, state: str) -> None:
        """Send `READY=1`, `STOPPING=1` or another state; a deaf manager is no reason to fail."""
        if not self._address:
            return
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
        ):
            channel.sendto(state.encode(), self._address)

    async def keep_alive(self) -> None:
        """Pat the watchdog from the event loop, at half its patience, until cancelled."""
        while self._address and self._watchdog:
            self.tell("WATCHDOG=1")
            await asyncio.sleep(self._watchdog / 2)
