"""A real daemon process on loopback, and plain clients for it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

SECONDS_TO_START = 60.0  # a shared machine may be slow; no test measures this
SECONDS_TO_STOP = 20.0


class GraphQLError(Exception):
    """The daemon answered with errors; `codes` are theirs."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(error["message"] for error in errors))
        self.codes = [error.get("extensions", {}).get("code") for error in errors]


class DidNotStartError(Exception):
    """The process ended before it was ready; `status` and `message` are what it left."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"status {status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class RunningDaemon:
    """A daemon that said it is ready, and what it said."""

    process: subprocess.Popen[bytes]
    folder: Path
    banner: str
    url: str
    token: str
    errors: IO[bytes]

    def complaints(self) -> str:
        """Return what it has written to stderr."""
        self.errors.seek(0)
        return self.errors.read().decode()

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        token: bool = True,
    ) -> Reply:
        """Send one plain request over a connection of its own."""
        shown = {"Authorization": f"Bearer {self.token}"} if token else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {**shown, **(headers or {})})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, found, answer.read())
        finally:
            connection.close()

    def query(self, document: str, **variables: Any) -> Any:
        """Run a query or mutation and return its data."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        reply = self.ask("POST", "/graphql", body, {"Content-Type": "application/json"})
        answer = json.loads(reply.body)
        if answer.get("errors"):
            raise GraphQLError(answer["errors"])
        return answer["data"]

    def remember(self, text: str) -> str:
        """Store one memory and return its id."""
        document = "mutation ($t: String!) { remember(input: {text: $t}) { id } }"
        id: str = self.query(document, t=text)["remember"]["id"]
        return id

    def metric(self, name: str) -> float:
        """Return one figure of /metrics."""
        lines = self.ask("GET", "/metrics").body.decode().splitlines()
        (value,) = [line.split()[-1] for line in lines if line.split()[0] == name]
        return float(value)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS_TO_STOP)

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[ClientConnection]:
        """Open a WebSocket that has shown its token."""
        async with connect(
            f"ws://127.0.0.1:{self.port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            compression=None,
            proxy=None,
        ) as socket:
            payload = {"authorization": f"Bearer {self.token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            yield socket

    async def subscribe(
        self, document: str, **variables: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yield the data of one subscription over a socket of its own; closing this ends it."""
        async with self.socket() as socket:
            await send_subscribe(socket, "1", document, **variables)
            async for message in messages(socket):
                if message["type"] == "complete":
                    return
                yield data_of(message)


async def send_subscribe(
    socket: ClientConnection, id: str, document: str, **variables: Any
) -> None:
    """Start an operation on an open socket."""
    payload = {"query": document, "variables": variables}
    await socket.send(json.dumps({"id": id, "type": "subscribe", "payload": payload}))


async def messages(socket: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    """Yield what the daemon says, pings answered and left out."""
    async for text in socket:
        message: dict[str, Any] = json.loads(text)
        if message["type"] == "ping":
            await socket.send('{"type": "pong"}')
        else:
            yield message


def data_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data that a `next` message carries."""
    if message["type"] == "error":
        raise GraphQLError(message["payload"])
    if message["payload"].get("errors"):
        raise GraphQLError(message["payload"]["errors"])
    data: dict[str, Any] = message["payload"]["data"]
    return data


async def eventually(condition: Any, seconds: float = 20.0) -> None:
    """Wait until `condition()` is true; it is asked again and again."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline, "it never became true"
        await asyncio.sleep(0.005)


@contextmanager
def running_daemon(folder: Path, *flags: str, **settings: str) -> Iterator[RunningDaemon]:
    """Run `selfd up` on a folder until the block ends; settings are names of the environment."""
    daemon = start_daemon(folder, *flags, **settings)
    try:
        yield daemon
    finally:
        _end(daemon.process)
        daemon.errors.close()


def start_daemon(folder: Path, *flags: str, **settings: str) -> RunningDaemon:
    """Start `selfd up` and wait until it says that it is ready.

    Raises:
        DidNotStartError: it ended instead.
    """
    command = [str(Path(sys.executable).with_name("selfd")), "up", "--data-dir", str(folder)]
    errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the daemon
    process = subprocess.Popen(
        [*command, *(flags or ("--port", "0"))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        env={**_environment(), **settings},
    )
    banner = _read_banner(process)
    if "\n  data " not in banner:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_TO_STOP)
        status = _end(process)
        errors.seek(0)
        with errors:
            raise DidNotStartError(status, banner + errors.read().decode())
    facts = dict(line.split(maxsplit=1) for line in banner.splitlines() if line.startswith("  "))
    token = (folder / "token").read_text()
    return RunningDaemon(process, folder, banner, facts["url"], token, errors)


def _end(process: subprocess.Popen[bytes]) -> int:
    """Make sure that a process is gone, and return its status."""
    if process.poll() is None:
        process.kill()
    assert process.stdout is not None
    process.stdout.close()
    return process.wait(SECONDS_TO_STOP)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SELFD_")}
    return {**kept, "OPENBLAS_NUM_THREADS": "1"}


def _read_banner(process: subprocess.Popen[bytes]) -> str:
    """Read until the line with the data folder, the end of the output, or the end of patience."""
    assert process.stdout is not None
    deadline = time.monotonic() + SECONDS_TO_START
    text = b""
    while b"\n  data " not in text or not text.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], deadline - time.monotonic())
        if not ready:
            break
        piece = os.read(process.stdout.fileno(), 4096)
        if not piece:
            break
        text += piece
    return text.decode()
