"""Letting the owner's browser in: the sign-in routes, and the cookie in place of the token."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from selfd_daemon.server.session import COOKIE, SESSION_SECONDS, Sessions

SIGN_IN = "/session"
NEW_CODE = "/session/code"
MOST_BODY = 1024


def browser_routes(sessions: Sessions) -> list[BaseRoute]:
    """Return the routes: a code for those who have the token, a cookie for those with a code."""

    async def new_code(request: Request) -> Response:
        return JSONResponse({"code": sessions.new_code()})

    async def sign_in(request: Request) -> Response:
        cookie = sessions.redeem(await _code(request))
        if cookie is None:
            return JSONResponse({"message": "this link was used or is too old"}, status_code=403)
        response = JSONResponse({"signedIn": True})
        response.set_cookie(
            COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="strict", path="/"
        )
        return response

    async def sign_out(request: Request) -> Response:
        response = JSONResponse({"signedIn": False})
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")
        return response

    return [
        Route(NEW_CODE, new_code, methods=["POST"]),
        Route(SIGN_IN, sign_in, methods=["POST"]),
        Route(f"{SIGN_IN}/end", sign_out, methods=["POST"]),
    ]


async def _code(request: Request) -> str:
    """Read the code from a small JSON object; empty for anything else."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BODY:
            return ""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    code = given.get("code") if isinstance(given, dict) else None
    return code if isinstance(code, str) else ""


class CookieSignIn:
    """Show the token on behalf of a request that has our cookie and no Authorization of its own.

    The cookie is SameSite=Strict, and the guard behind this refuses foreign origins.
    """

    def __init__(self, app: ASGIApp, *, sessions: Sessions, token: str) -> None:
        self._app = app
        self._sessions = sessions
        self._header = (b"authorization", f"Bearer {token}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and self._signed_in(scope):
            scope = {**scope, "headers": [*scope["headers"], self._header]}
        await self._app(scope, receive, send)

    def _signed_in(self, scope: Scope) -> bool:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if any(name == b"authorization" for name, _ in headers):
            return False
        sent = [value for name, value in headers if name == b"cookie"]
        return any(self._sessions.admits(value) for value in map(_session_of, sent) if value)


def _session_of(header: bytes) -> str | None:
    """Return our cookie's value from a Cookie header."""
    try:
        found = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
