"""Answers to requests that are not run, in the shape of GraphQL errors."""

from __future__ import annotations

from typing import Any

import orjson
from cross_web import HTTPException
from starlette.responses import Response
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from selfd_graphql.errors import BodyTooLargeError
from selfd_graphql.transport.negotiation import GRAPHQL_RESPONSE, JSON, MediaType


def unauthenticated() -> Response:
    """Answer a request without the token."""
    message = "send the daemon's token as Authorization: Bearer TOKEN"
    response = _refusal(401, "UNAUTHENTICATED", message)
    response.headers["www-authenticate"] = 'Bearer realm="selfd"'
    return response


def method_not_allowed(method: str) -> Response:
    """Answer a method that GraphQL has no use for."""
    message = f"{method} is not used here: send GET or POST"
    response = _refusal(405, "METHOD_NOT_ALLOWED", message)
    response.headers["allow"] = "GET, POST"
    return response


def not_acceptable() -> Response:
    """Answer a client that takes neither of our media types."""
    message = f"the answer is {GRAPHQL_RESPONSE} or {JSON}: accept one of them"
    return _refusal(406, "NOT_ACCEPTABLE", message)


def too_large(error: BodyTooLargeError, media_type: MediaType) -> Response:
    """Answer a body over the limit."""
    facts = {"limit": error.limit, "size": error.size}
    return _refusal(413, "TOO_LARGE", str(error), media_type, facts)


def from_strawberry(error: HTTPException, media_type: MediaType) -> Response:
    """Answer what strawberry refuses, saying what would have been right."""
    cause = error.__cause__
    if isinstance(cause, InvalidOperationTypeError):
        if cause.operation_type is OperationType.SUBSCRIPTION:
            message = "subscriptions need a WebSocket, or Accept: text/event-stream"
            return _refusal(400, "BAD_REQUEST", message, media_type)
        response = _refusal(405, "METHOD_NOT_ALLOWED", f"{error.reason}: use POST", media_type)
        response.headers["allow"] = "POST"
        return response
    reason = error.reason or "this request cannot be read"
    if isinstance(cause, ValueError):
        reason = f"the request is no JSON that can be read: {cause}"
    if reason == "Unsupported content type":
        message = f"unsupported content type: send {JSON} as UTF-8"
        return _refusal(415, "UNSUPPORTED_MEDIA_TYPE", message, media_type)
    return _refusal(error.status_code, "BAD_REQUEST", reason, media_type)


def _refusal(
    status: int,
    code: str,
    message: str,
    media_type: MediaType = JSON,
    facts: dict[str, Any] | None = None,
) -> Response:
    error = {"message": message, "extensions": {"code": code, **(facts or {})}}
    body = orjson.dumps({"errors": [error]})
    return Response(body, status, media_type=f"{media_type}; charset=utf-8")
