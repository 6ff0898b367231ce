"""The web app: the API, health, metrics, and a page for those who open the URL in a browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from pathlib import Path
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from selfd_daemon.clock import Monotonic
from selfd_daemon.metrics import CONTENT_TYPE
from selfd_daemon.server.counting import Counting
from selfd_daemon.server.guard import Guard, OpenPaths
from selfd_daemon.server.token import bearer_of
from selfd_daemon.wiring import Daemon
from selfd_graphql.app import graphql_app, graphql_routes

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

OPEN = OpenPaths(exact=frozenset({"/", "/health", "/graphql"}), folders=("/graphql/static/",))

_LANDING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>selfd</title>
<style>body {{ font: 16px/1.5 system-ui; max-width: 40em; margin: 4em auto; padding: 0 1em }}
</style>
</head>
<body>
<h1>selfd</h1>
<p>Your own selfd runs on this machine. There is no dashboard yet.</p>
<p><a href="/graphql">GraphiQL</a> lets you try out the API. Like every client it sends
<code>Authorization: Bearer TOKEN</code>; the token is in <code>{token_path}</code>.</p>
<p>In a terminal: <code>selfd --help</code>.</p>
</body>
</html>
"""


def build_app(
    daemon: Daemon, *, port: int, token: str, token_path: Path, monotonic: Monotonic
) -> ASGIApp:
    """Put the API behind the guard, with the few pages that we serve beside it."""
    authenticate = bearer_of(token)
    routes: list[BaseRoute] = [
        Route("/", _landing(token_path)),
        Route("/health", _health),
        Route("/metrics", _metrics(daemon)),
        *graphql_routes(graphql_app(daemon, authenticate=authenticate)),
    ]
    guarded = Guard(Starlette(routes=routes), port=port, authenticate=authenticate, open_paths=OPEN)
    return Counting(guarded, daemon.metrics, monotonic=monotonic)


def _landing(token_path: Path) -> Endpoint:
    page = _LANDING.format(token_path=escape(str(token_path)))

    async def landing(request: Request) -> Response:
        return HTMLResponse(page)

    return landing


async def _health(request: Request) -> Response:
    """Answer without touching the store: the socket is open only while we are ready."""
    return JSONResponse({"ready": True})


def _metrics(daemon: Daemon) -> Endpoint:
    async def metrics(request: Request) -> Response:
        status = await daemon.system.status()
        figures = daemon.metrics.render(status, latest_event=daemon.events.latest)
        return Response(figures, media_type=CONTENT_TYPE)

    return metrics
