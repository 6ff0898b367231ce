"""One polite, bounded HTTP GET: the only way in which feeds and pages come in.

Redirects are followed by hand so that each step is checked and permanent ones are told apart; time,
size and number of steps are limited; cookies and proxies of the environment are not used.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from selfd_daemon.dialling import CheckedTransport
from selfd_daemon.feeds.errors import (
    AddressRefusedError,
    FeedError,
    GoneError,
    NetworkDownError,
    StatusError,
    TooLargeError,
    UnreachableError,
)
from selfd_daemon.feeds.fetching.addresses import AllowedHosts, checked_url, host_of, port_of
from selfd_daemon.feeds.fetching.hosts import HostGate
from selfd_daemon.feeds.fetching.inflate import CutShortError, Inflater, TooMuchError
from selfd_daemon.feeds.fetching.network import GuardedBackend, Resolve

MAX_REDIRECTS = 5
_MOVED = frozenset({301, 302, 303, 307, 308})
_MOVED_FOR_GOOD = frozenset({301, 308})
_CONNECT_SECONDS = 8.0
_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.7, */*;q=0.1"
)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost. A body slower than `min_rate` bytes/s after `patience` s is left."""

    seconds: float = 30.0
    max_bytes: int = 10 << 20
    per_host: int = 2
    concurrency: int = 8
    patience: float = 5.0
    min_rate: float = 256.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A reply with status 200 or the like, or 304 with an empty body.

    `url` is where the body came from; `address` is where to ask next time, which differs from what
    was asked only as far as the server said that it moved for good.
    """

    url: str
    address: str
    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def unchanged(self) -> bool:
        """Whether the server confirmed that what we have is current."""
        return self.status == 304

    @property
    def media_type(self) -> str:
        """The media type without parameters, lower case, "" when the server named none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """One connection pool with its limits."""

    def __init__(
        self, limits: FetchLimits, allowed: AllowedHosts, resolve: Resolve, *, agent: str
    ) -> None:
        self._limits = limits
        self._allowed = allowed
        self._gate = HostGate(per_host=limits.per_host, total=limits.concurrency)
        self._client = httpx2.AsyncClient(
            transport=CheckedTransport(
                GuardedBackend(resolve, allowed), connections=2 * limits.concurrency
            ),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(limits.seconds, connect=_CONNECT_SECONDS),
            headers={"accept": _ACCEPT, "accept-encoding": "gzip", "user-agent": agent},
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch a URL, following redirects.

        Raises:
            FeedError: one of its kinds; the message says what, which and what to do.
        """
        current = start = checked_url(url)
        address, moved_for_good = str(start), True
        seconds = self._limits.seconds
        for _ in range(MAX_REDIRECTS + 1):
            self.refuse_detour(start, current)
            async with self._gate.slot(host_of(current)):
                began = asyncio.get_running_loop().time()
                async with self._errors(current, seconds), asyncio.timeout(seconds):
                    reply = await self._one(current, headers or {})
                seconds -= asyncio.get_running_loop().time() - began
            if isinstance(reply, Fetched):
                return Fetched(str(current), address, reply.status, reply.headers, reply.body)
            moved_for_good = moved_for_good and reply.for_good
            current = _joined(current, reply.location)
            if moved_for_good:
                address = str(current)
        raise UnreachableError(f"{host_of(start)!r} redirects more than {MAX_REDIRECTS} times")

    def refuse_detour(self, start: httpx2.URL, current: httpx2.URL) -> None:
        """Refuse a stranger's redirect into what the owner allowed for its own sake."""
        here = (host_of(current), port_of(current))
        if self._allowed.permit(*here) and not self._allowed.permit(host_of(start), port_of(start)):
            raise AddressRefusedError(
                f"{host_of(start)!r} redirects to {here[0]!r}, which only feeds that you follow "
                "there by name may use"
            )

    async def _one(self, url: httpx2.URL, headers: Mapping[str, str]) -> Fetched | _Moved:
        async with self._client.stream("GET", url, headers=dict(headers)) as response:
            status, location = response.status_code, response.headers.get("location")
            if status in _MOVED and location:
                return _Moved(location, status in _MOVED_FOR_GOOD)
            if status == 304:
                return Fetched(str(url), "", status, response.headers, b"")
            if not 200 <= status < 300:
                raise _refusal(url, response)
            body = await self._body(url, response)
            return Fetched(str(url), "", status, response.headers, body)

    async def _body(self, url: httpx2.URL, response: httpx2.Response) -> bytes:
        limit = self._limits.max_bytes
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise UnreachableError(
                f"{host_of(url)!r} sent it packed as {encoding!r}, although only gzip was asked for"
            )
        inflater = Inflater(limit, zlib_declared=encoding == "deflate")
        received, loop = 0, asyncio.get_running_loop()
        began = loop.time()
        try:
            async for piece in response.aiter_raw():
                received += len(piece)
                if received > limit:
                    raise TooMuchError
                for _ in inflater.feed(piece):
                    await asyncio.sleep(0)
                self._refuse_drip(url, received, loop.time() - began)
            return inflater.finish()
        except TooMuchError as error:
            raise TooLargeError(
                f"{url} is larger than {limit:,} bytes: raise feeds.max_body_bytes to read it"
            ) from error
        except CutShortError as error:
            raise UnreachableError(f"the reply of {host_of(url)!r} ended before its end") from error

    def _refuse_drip(self, url: httpx2.URL, received: int, seconds: float) -> None:
        limits = self._limits
        if seconds > limits.patience and received < limits.min_rate * seconds:
            raise UnreachableError(
                f"{host_of(url)!r} sent {received:,} bytes in {seconds:.0f} s, too slow to wait for"
            )

    @contextlib.asynccontextmanager
    async def _errors(self, url: httpx2.URL, seconds: float) -> AsyncIterator[None]:
        """Turn what the network can do to us into something that a person can act on."""
        host = host_of(url)
        try:
            yield
        except (TimeoutError, httpx2.TimeoutException) as error:
            waited = _CONNECT_SECONDS if isinstance(error, httpx2.ConnectTimeout) else seconds
            raise UnreachableError(f"{host!r} did not answer within {waited:.0f} s") from error
        except httpx2.ConnectError as error:
            raise _no_connection(url, error) from error
        except httpx2.RemoteProtocolError as error:
            raise UnreachableError(
                f"the reply of {host!r} is not what HTTP allows, or ended before its end"
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise UnreachableError(f"the connection to {host!r} broke ({error})") from error


@dataclass(frozen=True, slots=True)
class _Moved:
    location: str
    for_good: bool


def _joined(url: httpx2.URL, location: str) -> httpx2.URL:
    try:
        return checked_url(str(url.join(location)))
    except (FeedError, httpx2.InvalidURL, ValueError) as error:
        raise UnreachableError(
            f"{host_of(url)!r} redirects to {location[:200]!r}, which cannot be fetched: {error}"
        ) from error


def _refusal(url: httpx2.URL, response: httpx2.Response) -> StatusError:
    """Say what a status means for somebody who follows this feed."""
    status, host = response.status_code, host_of(url)
    retry_after = response.headers.get("retry-after")
    if status == 410:
        message = f"{url} was removed for good (410): remove the feed"
        return GoneError(message, status=status, retry_after=retry_after)
    if status == 404:
        message = f"there is nothing at {url} (404): check the address"
    elif status in (401, 403, 407, 451):
        message = f"{host!r} does not let us read {url} ({status}): check it in a browser"
    elif status == 429:
        message = f"{host!r} asks for fewer requests (429)"
    elif status >= 500:
        message = f"{host!r} has trouble of its own ({status})"
    else:
        message = f"{host!r} answered {url} with status {status}"
    return StatusError(message, status=status, retry_after=retry_after)


def _no_connection(url: httpx2.URL, error: BaseException) -> UnreachableError:
    """Find the reason under the wrapping of two libraries."""
    host, port = host_of(url), port_of(url)
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case ssl.SSLCertVerificationError():
                reason = f"the certificate of {host!r} is not valid: {cause.verify_message}"
                return UnreachableError(reason)
            case ssl.SSLError():
                reason = f"{host!r} does not speak TLS on port {port} as it should"
                advice = ": try http://" if cause.reason == "WRONG_VERSION_NUMBER" else ""
                return UnreachableError(f"{reason} ({cause.reason or cause}){advice}")
            case ConnectionRefusedError():
                reason = f"{host!r} refused the connection on port {port}: is it running?"
                return UnreachableError(reason)
            case OSError(errno=errno.ENETUNREACH | errno.ENETDOWN):
                return NetworkDownError(f"there is no way to {host!r}: check the network")
        cause = cause.__cause__ or cause.__context__
    return UnreachableError(f"no connection to {host!r} on port {port} ({error})")
