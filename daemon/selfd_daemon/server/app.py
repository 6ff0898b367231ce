"""The web app: the API, health, metrics, the dashboard, behind the guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from selfd_daemon.clients.dashboard.routes import OPEN_FOLDER, dashboard_routes
from selfd_daemon.clock import Monotonic
from selfd_daemon.metrics import CONTENT_TYPE
from selfd_daemon.server.browser import SIGN_IN, CookieSignIn, browser_routes
from selfd_daemon.server.counting import Counting
from selfd_daemon.server.guard import Guard, OpenPaths
from selfd_daemon.server.keys import Keys
from selfd_daemon.server.session import Sessions
from selfd_daemon.wiring import Daemon
from selfd_graphql.app import graphql_app, graphql_routes

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

OPEN = OpenPaths(
    exact=frozenset({"/", "/health", "/graphql"}),
    folders=("/graphql/static/", OPEN_FOLDER),
    posts=frozenset({SIGN_IN}),
)


def build_app(
    daemon: Daemon,
    *,
    port: int,
    token: str,
    menubar_token: str,
    sessions: Sessions,
    monotonic: Monotonic,
) -> ASGIApp:
    """Put the API and the dashboard behind the guard; a browser's cookie stands for the token."""
    keys = Keys.of(token=token, menubar_token=menubar_token)
    routes: list[BaseRoute] = [
        *dashboard_routes(),
        *browser_routes(sessions),
        Route("/health", _health),
        Route("/metrics", _metrics(daemon)),
        *graphql_routes(
            graphql_app(
                daemon,
                authenticate=keys.known,
                permits=keys.permits,
                observe=daemon.metrics.operation,
            )
        ),
    ]
    guarded = Guard(
        Starlette(routes=routes),
        port=port,
        authenticate=keys.known,
        opens=keys.opens,
        open_paths=OPEN,
    )
    signed_in = CookieSignIn(guarded, sessions=sessions, token=token)
    return Counting(signed_in, daemon.metrics, monotonic=monotonic)


async def _health(request: Request) -> Response:
    """Answer without touching the store: the socket is open only while we are ready."""
    return JSONResponse({"ready": True})


def _metrics(daemon: Daemon) -> Endpoint:
    async def metrics(request: Request) -> Response:
        status = await daemon.system.status()
        figures = daemon.metrics.render(status, latest_event=daemon.events.latest)
        return Response(figures, media_type=CONTENT_TYPE)

    return metrics
