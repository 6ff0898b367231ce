"""GraphQL over HTTP, server-sent events and WebSockets, as clients and audits expect it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

import orjson
import structlog
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionResult, PreExecutionError

from selfd_graphql.context import Context, Permits, shown_authorization
from selfd_graphql.errors import BodyTooLargeError
from selfd_graphql.execution.observation import Observe
from selfd_graphql.execution.results import SharedResults
from selfd_graphql.ports import Services
from selfd_graphql.schema import Schema
from selfd_graphql.transport import refusals
from selfd_graphql.transport.bounds import Stream, impatient, limited
from selfd_graphql.transport.negotiation import (
    GRAPHQL_RESPONSE,
    JSON,
    REQUEST_ERROR_STATUS,
    negotiate,
)
from selfd_graphql.transport.sockets import Frames, Socket

log = structlog.get_logger(__name__)

Authenticate: TypeAlias = Callable[[str | None], bool]


class View(GraphQL[Context, None]):
    """Serves one schema over one set of services."""

    graphql_transport_ws_handler_class = Socket

    def __init__(
        self,
        schema: Schema,
        services: Services,
        *,
        authenticate: Authenticate,
        observe: Observe | None,
        permits: Permits | None,
        max_body_bytes: int,
        send_timeout: float,
        init_timeout: float,
        max_operations: int,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=init_timeout),
            max_subscriptions_per_connection=max_operations,
        )

        class PatientFrames(Frames):
            patience = send_timeout

        self.websocket_adapter_class = PatientFrames
        self._services = services
        self._authenticate = authenticate
        self._observe = observe
        self._permits = permits
        self._shared = SharedResults()
        self._max_body_bytes = max_body_bytes
        self._send_timeout = send_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, limited(receive, self._max_body_bytes))
        try:
            response = await self._respond(request)
            await response(scope, receive, impatient(send, self._send_timeout))
        except (ClientDisconnect, TimeoutError):
            log.info("client left or stopped reading", path=scope["path"])

    async def _respond(self, request: Request) -> Response:
        if not self._authenticate(request.headers.get("authorization")):
            return refusals.unauthenticated()
        if request.method not in ("GET", "POST"):
            return refusals.method_not_allowed(request.method)
        streams = self._get_stream_transport_from_headers(request.headers) is not None
        media_type = JSON if streams else negotiate(request.headers.get("accept", ""))
        if media_type is None:
            return refusals.not_acceptable()
        request.state.media_type = media_type
        request.state.request_error = False
        try:
            response = await self.run(request)
        except BodyTooLargeError as error:
            return refusals.too_large(error, media_type)
        except HTTPException as error:
            return refusals.from_strawberry(error, media_type)
        if not streams:
            response.headers["content-type"] = f"{media_type}; charset=utf-8"
        if request.state.request_error and media_type == GRAPHQL_RESPONSE:
            response.status_code = REQUEST_ERROR_STATUS
        return response

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Read what to run, checking the two shapes that strawberry takes on trust."""
        try:
            data = await super().parse_http_body(request)
        except AttributeError as error:
            raise HTTPException(400, "the request body must be a JSON object") from error
        if isinstance(data, GraphQLRequestData) and not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "operationName must be a string")
        return data

    async def process_result(
        self, request: Request, result: ExecutionResult
    ) -> GraphQLHTTPResponse:
        """Write a result; a request that never ran has no data, not even null."""
        written = await super().process_result(request, result)
        request.state.request_error = isinstance(result, PreExecutionError) or (
            result.data is None
            and bool(result.errors)
            and all(error.path is None for error in result.errors or ())
        )
        if request.state.request_error and request.state.media_type == GRAPHQL_RESPONSE:
            written.pop("data", None)
        return written

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Context:
        """Return what resolvers get; operations add their own loaders."""
        shown = request.headers.get("authorization")
        return {
            "services": self._services,
            "authorization": shown,
            "observe": self._observe,
            "permits": self._permits,
            "shared": self._shared,
        }

    async def on_ws_connect(self, context: Context) -> dict[str, object]:
        """Check the token before anything else is said."""
        if not self._authenticate(shown_authorization(context)):
            raise ConnectionRejectionError
        return {}

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        """Return a response that closes its source when its reader leaves."""
        return Stream(stream(), headers=headers)

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON; orjson also refuses lone surrogates and invalid UTF-8."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> bytes:
        """Write JSON."""
        return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
