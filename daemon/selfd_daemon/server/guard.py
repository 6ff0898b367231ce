"""The door: which hosts, origins, methods and tokens may come in, and what every reply carries.

A page in the owner's browser can send requests to loopback. Host stops rebound names, Origin and
Sec-Fetch-Site stop foreign pages, the token stops everybody else on the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfd_daemon.server.token import Authenticate

METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
OWN_FETCH_SITES = frozenset({b"same-origin", b"none"})

SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (
        b"content-security-policy",
        b"default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        b"font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; "
        b"frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


@dataclass(frozen=True, slots=True)
class OpenPaths:
    """What needs no token: exact paths to GET or POST, and folders of static files."""

    exact: frozenset[str]
    folders: tuple[str, ...] = ()
    posts: frozenset[str] = frozenset()

    def admits(self, scope: Scope) -> bool:
        """Say whether a request may pass without a token: a plain page, never a query."""
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            return scope["method"] == "POST" and path in self.posts
        return (path in self.exact and not scope["query_string"]) or path.startswith(self.folders)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request does not come in."""

    status: int
    code: str
    message: str


class Guard:
    """Wrap the whole app; a WebSocket shows its token to the API, in connection_init or before."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        port: int,
        authenticate: Authenticate,
        open_paths: OpenPaths,
        opens: Callable[[str | None, str], bool] = lambda shown, path: True,
    ) -> None:
        names = (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}")
        self._app = app
        self._hosts = frozenset(name.encode() for name in names)
        self._origins = frozenset(f"http://{name}".encode() for name in names)
        self._authenticate = authenticate
        self._open_paths = open_paths
        self._opens = opens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with the security headers on its reply, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            # Closing before accepting is how ASGI refuses a handshake; the server answers 403.
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.message})
        else:
            await _answer(refusal, _with_headers(send))

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = _values(headers, b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return Refusal(421, "FOREIGN_HOST", "this Host is not served here: use 127.0.0.1")
        if any(origin.lower() not in self._origins for origin in _values(headers, b"origin")):
            return Refusal(403, "FOREIGN_ORIGIN", "requests from other origins are refused")
        if any(site not in OWN_FETCH_SITES for site in _values(headers, b"sec-fetch-site")):
            return Refusal(403, "FOREIGN_ORIGIN", "requests from other sites are refused")
        if scope["type"] == "websocket":
            return None
        if scope["method"] not in METHODS:
            return Refusal(405, "METHOD_NOT_ALLOWED", f"{scope['method']} is not used here")
        return None if self._open_paths.admits(scope) else self._token_refusal(headers, scope)

    def _token_refusal(
        self, headers: Iterable[tuple[bytes, bytes]], scope: Scope
    ) -> Refusal | None:
        values = _values(headers, b"authorization")
        shown = values[0].decode("latin-1") if len(values) == 1 else None
        if not self._authenticate(shown):
            return Refusal(
                401,
                "UNAUTHENTICATED",
                "send the token in the data folder's file as Authorization: Bearer TOKEN",
            )
        if not self._opens(shown, scope["path"]):
            return Refusal(
                403, "FORBIDDEN", "this token is for the API alone: show the daemon's own token"
            )
        return None


def _values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", []))
            present = {name.lower() for name, _ in given}
            added = [pair for pair in SECURITY_HEADERS if pair[0] not in present]
            message = {**message, "headers": given + added}
        await send(message)

    return sending


async def _answer(refusal: Refusal, send: Send) -> None:
    error = {"message": refusal.message, "extensions": {"code": refusal.code}}
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="selfd"'))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": orjson.dumps({"errors": [error]})})
