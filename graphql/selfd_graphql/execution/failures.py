"""What a client is told when something goes wrong, and what stays in the log."""

from __future__ import annotations

import secrets

import structlog
from graphql import GraphQLError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from selfd_graphql.errors import failure

log = structlog.get_logger(__name__)

# What strawberry raises about the request itself; its words are meant for the client.
REQUEST_ERRORS = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)


def presented(error: GraphQLError) -> GraphQLError:
    """Return the error as a client may see it.

    Errors of the query and expected failures keep their message and get a code; everything else
    is a bug and becomes an id, under which the log has the whole story.
    """
    cause = _cause(error)
    if cause is None or isinstance(cause, REQUEST_ERRORS):
        return _with_code(error)
    expected = failure(cause)
    if expected is not None:
        return _replaced(error, str(cause), {"code": expected.code, **expected.facts})
    id = secrets.token_hex(4)
    log.error("internal error", id=id, path=error.path, exc_info=cause)
    return _replaced(error, f"internal error {id}: see the log", {"code": "INTERNAL", "id": id})


def _cause(error: GraphQLError) -> Exception | None:
    """Return what lies behind the error, None where it is of GraphQL's own making."""
    cause: Exception | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _with_code(error: GraphQLError) -> GraphQLError:
    if not error.extensions and error.path is None:  # variables that do not fit
        return _replaced(error, error.message, {"code": "INVALID_INPUT"})
    return error


def _replaced(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        error.nodes,
        error.source,
        error.positions,
        error.path,
        extensions=extensions,
    )
