"""The heavy door: one ASGI app that serves the API and GraphiQL."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from selfd_graphql.context import Permits
from selfd_graphql.execution.limits import Limits
from selfd_graphql.execution.observation import Observe
from selfd_graphql.ports import Services
from selfd_graphql.schema import build_schema
from selfd_graphql.transport.ide import Ide
from selfd_graphql.transport.view import Authenticate, View

MAX_BODY_BYTES = 8 * 1024 * 1024  # an OPML file or a thousand memories; queries are far smaller
SEND_TIMEOUT = 10.0
INIT_TIMEOUT = 5.0
MAX_OPERATIONS = 32


def graphql_app(
    services: Services,
    *,
    authenticate: Authenticate,
    observe: Observe | None = None,
    permits: Permits | None = None,
    limits: Limits | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    send_timeout: float = SEND_TIMEOUT,
    init_timeout: float = INIT_TIMEOUT,
    max_operations: int = MAX_OPERATIONS,
) -> ASGIApp:
    """Return the API as an ASGI app; `graphql_routes` gives it its place.

    Args:
        services: What the daemon wired.
        authenticate: Given the Authorization header of a request, or `authorization` of a
            connection_init, says whether it may come in. Only GraphiQL's own files need none.
        observe: Told of each query and mutation that was answered.
        permits: Given the same header and a document, says whether it may be run; any may where
            this is left out.
        limits: How much one query may ask for.
        max_body_bytes: Of one request.
        send_timeout: Seconds after which a client that does not read is given up.
        init_timeout: Seconds that a WebSocket has for its connection_init.
        max_operations: At a time over one WebSocket.
    """
    view = View(
        build_schema(limits),
        services,
        authenticate=authenticate,
        observe=observe,
        permits=permits,
        max_body_bytes=max_body_bytes,
        send_timeout=send_timeout,
        init_timeout=init_timeout,
        max_operations=max_operations,
    )
    ide = Ide()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        page = ide.response(scope) if scope["type"] == "http" else None
        await (page or view)(scope, receive, send)

    return app


def graphql_routes(app: ASGIApp, path: str = "/graphql") -> list[BaseRoute]:
    """Return routes for `path` itself, with no redirect to `path/`, and for what lies under it."""
    return [Route(path, _Endpoint(app)), WebSocketRoute(path, _Endpoint(app)), Mount(path, app)]


class _Endpoint:
    """An app as starlette wants it to tell it from a request handler: no function."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
