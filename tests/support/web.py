"""A small web on loopback with the manners, good and bad, of the real one.

Raw sockets, since a library would refuse to send most of what has to be tested.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

_TLS_HANDSHAKE = b"\x16"
_REASONS = {200: "OK", 301: "Moved Permanently", 304: "Not Modified", 410: "Gone"}


@dataclass(frozen=True)
class Seen:
    """One request as it came in; header names are lower case."""

    host: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """An orderly answer. A Content-Length among the headers replaces the right one."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


Page: TypeAlias = Callable[[Seen], Reply]
Misbehave: TypeAlias = Callable[[asyncio.StreamWriter], Awaitable[None]]


class LocalWeb:
    """Pages by path, on a free port of 127.0.0.1, and a log of what was asked for."""

    def __init__(self) -> None:
        self.log: list[Seen] = []
        self.port = 0
        self.most_at_once = 0
        self._at_once = 0
        self._pages: dict[str, Page] = {}
        self._misbehaving: dict[str, Misbehave] = {}
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def serve(self, path: str, reply: Reply | Page) -> None:
        """Answer a path with a reply, or with what a function of the request returns."""
        self._pages[path] = (lambda _: reply) if isinstance(reply, Reply) else reply

    def misbehave(self, path: str, write: Misbehave) -> None:
        """Hand the raw connection to `write`, and close it afterwards."""
        self._misbehaving[path] = write

    def paths(self) -> Sequence[str]:
        return [seen.path for seen in self.log]

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1000)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; say whether the connection stays open."""
        first = await reader.readexactly(1)
        if first == _TLS_HANDSHAKE:
            writer.write(_wire(Reply(400)))
            return False
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        seen = Seen(headers.get("host", ""), head[0].split(" ")[1], headers)
        self.log.append(seen)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(0)  # let requests that came together be counted together
            if misbehave := self._misbehaving.get(seen.path):
                await misbehave(writer)
                return False
            writer.write(_wire(self._pages.get(seen.path, _nothing)(seen)))
            await writer.drain()
            return True
        finally:
            self._at_once -= 1


def _nothing(seen: Seen) -> Reply:
    return Reply(404)


def _wire(reply: Reply) -> bytes:
    body = b"" if reply.status == 304 else reply.body
    headers = {"Content-Length": str(len(body)), **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
