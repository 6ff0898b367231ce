"""Talking HTTP to a server of models: retries, bounded replies, errors that say what happened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
import stamina

from selfd_daemon.dialling import CheckedTransport
from selfd_daemon.minds.errors import MindFieldError, MindPeerError
from selfd_daemon.minds.http.network import LocalBackend
from selfd_daemon.minds.options import CONNECTIONS, HttpOptions

LONGEST_LINE = 1 << 20
LONGEST_REPLY = 1 << 22  # of a list of models, or of vectors
CONNECT_SECONDS = 8.0
BUSY = (429, 502, 503, 504)


class AgainError(MindPeerError):
    """Trying once more may help."""


class RefusedError(MindPeerError):
    """The server answered, and not what was asked for."""


class NotJsonError(RefusedError):
    """The server answered with success and without JSON."""


class HttpClient:
    """One server, by its URL."""

    def __init__(
        self,
        url: str,
        options: HttpOptions,
        *,
        allowed: Sequence[str],
        offline: bool,
        environ: Mapping[str, str],
    ) -> None:
        self.url = checked_base(url)
        self._options = options
        self._environ = environ
        self._client = httpx2.AsyncClient(
            transport=CheckedTransport(
                LocalBackend(allowed, offline=offline), connections=CONNECTIONS
            ),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(options.timeout_seconds, connect=CONNECT_SECONDS),
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    def says(self, problem: str) -> str:
        """Name the server before a problem."""
        return f"the server at {self.url}: {problem}"

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        """Ask for a reply of one piece, again where that may help.   Raises: MindPeerError."""
        async for attempt in self._attempts():
            with attempt:
                response = await self._send(method, path, body)
                try:
                    return orjson.loads(await self._whole(response))
                except orjson.JSONDecodeError as error:
                    raise NotJsonError(self.says(f"{path} is not JSON")) from error
                finally:
                    await response.aclose()
        raise AssertionError("the last attempt raises")

    @asynccontextmanager
    async def asked(self, path: str, body: Any) -> AsyncIterator[httpx2.Response]:
        """Ask for a stream; leaving closes the connection, which stops the server."""
        response: httpx2.Response | None = None
        async for attempt in self._attempts():
            with attempt:
                response = await self._send("POST", path, body)
        assert response is not None
        try:
            yield response
        finally:
            await response.aclose()

    async def lines(self, response: httpx2.Response, most: int) -> AsyncIterator[bytes]:
        """Yield the lines of a stream of at most so many bytes.   Raises: MindPeerError."""
        held, received = bytearray(), 0
        with self._errors():
            async for data in response.aiter_bytes():
                received += len(data)
                held += data
                if received > most or len(held) > LONGEST_LINE:
                    problem = f"it sent {received:,} bytes and came to no end"
                    raise MindPeerError(self.says(problem))
                *lines, rest = held.split(b"\n")
                held = bytearray(rest)
                for line in lines:
                    yield bytes(line.rstrip(b"\r"))
            if held:
                yield bytes(held)

    def _attempts(self) -> Any:
        return stamina.retry_context(
            on=AgainError,
            attempts=self._options.attempts,
            wait_initial=0.2,
            wait_max=2.0,
            wait_jitter=0.1,
            timeout=None,
        )

    async def _send(self, method: str, path: str, body: Any) -> httpx2.Response:
        """Send a request and return the reply, its body still to come."""
        request = self._client.build_request(
            method,
            self.url + path,
            content=None if body is None else orjson.dumps(body),
            headers=self._headers(),
        )
        with self._errors():
            try:
                response = await self._client.send(request, stream=True)
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError) as error:
                # As a kept connection does that the server has closed since.
                raise AgainError(self.says("it broke off before it answered")) from error
        if response.is_success:
            return response
        try:
            said = (await self._whole(response))[:300].decode("utf-8", "replace")
        finally:
            await response.aclose()
        text = f"{path} has status {response.status_code}: {' '.join(said.split())}"
        if response.status_code in BUSY:
            raise AgainError(self.says(text))
        raise RefusedError(self.says(text))

    def _headers(self) -> dict[str, str]:
        headers = {"content-type": "application/json"}
        name = self._options.key_env
        if name is not None:
            key = self._environ.get(name)
            if not key:
                raise MindFieldError(
                    f"the daemon's environment has no {name!r}, which holds the key"
                )
            headers["authorization"] = f"Bearer {key}"
        return headers

    async def _whole(self, response: httpx2.Response) -> bytes:
        held = bytearray()
        with self._errors():
            async for data in response.aiter_bytes():
                held += data
                if len(held) > LONGEST_REPLY:
                    raise MindPeerError(self.says("it sent more than a reply can have"))
        return bytes(held)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what the network can do into something that a person can act on."""
        waited = self._options.timeout_seconds
        try:
            yield
        except httpx2.ConnectTimeout as error:
            raise AgainError(self.says(f"no connection in {CONNECT_SECONDS:.0f} s")) from error
        except httpx2.TimeoutException as error:
            raise MindPeerError(self.says(f"it said nothing for {waited:g} s")) from error
        except httpx2.ConnectError as error:
            raise AgainError(self.says("nothing listens there: is it running?")) from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise MindPeerError(self.says("it broke off before its end")) from error


def checked_base(url: str) -> str:
    """Return a server's URL without what the protocols add to it.   Raises: MindFieldError."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where it is no number
    except ValueError as error:
        raise MindFieldError(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise MindFieldError(f"{url!r} is no URL of a server: write http://127.0.0.1:8080")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise MindFieldError(
            f"the URL of {parts.hostname!r} must have no name, key, query or fragment: "
            "name the variable that holds a key with the option key_env"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"
