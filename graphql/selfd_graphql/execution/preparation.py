"""Each query text parsed, weighed and validated once, and remembered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)
from strawberry.extensions import SchemaExtension

from selfd_graphql.execution.limits import Limits, too_much, variable_excesses
from selfd_graphql.execution.weights import excesses

REMEMBERED = 128  # query texts; our own clients send about thirty
MAX_ERRORS = 20

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")


class Prepared(NamedTuple):
    """A query text as it is executed, or why it is not. No document: it cannot be read at all."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]


Prepare: TypeAlias = Callable[[GraphQLSchema, str], Prepared]


class Preparation(SchemaExtension):
    """Stand in for strawberry's own parsing and validation, its caches and its limiters."""

    def __init__(self, prepare: Prepare, limits: Limits) -> None:
        self._prepare = prepare
        self._limits = limits
        self._errors: list[GraphQLError] = []

    def on_parse(self) -> Iterator[None]:
        """Hand over the document; an unreadable one is stood in for until `on_validate`."""
        context = self.execution_context
        if context.query:
            prepared = self._prepare(context.schema._schema, context.query)
            name = context._provided_operation_name
            context.graphql_document = prepared.document or _stand_in(name)
            self._errors = [
                *prepared.errors,
                *_unnamed(context.graphql_document, name),
                *variable_excesses(context.variables, self._limits),
            ]
        yield

    def on_validate(self) -> Iterator[None]:
        """Hand over the errors; an empty list says that validation is done."""
        self.execution_context.pre_execution_errors = self._errors
        yield


def preparation(limits: Limits) -> Callable[[], Preparation]:
    """Return the factory of an extension whose instances share one memory."""

    @lru_cache(maxsize=REMEMBERED)
    def prepare(schema: GraphQLSchema, text: str) -> Prepared:
        return _read(schema, text, limits)

    def remembering(schema: GraphQLSchema, text: str) -> Prepared:
        if len(text) > limits.characters:
            advice = "pass long texts as variables"
            excess = too_much("the length of this query", len(text), limits.characters, advice)
            return Prepared(None, (excess,))
        return prepare(schema, text)

    return lambda: Preparation(remembering, limits)


def _read(schema: GraphQLSchema, text: str, limits: Limits) -> Prepared:
    try:
        document = parse(text, max_tokens=limits.tokens)
    except GraphQLSyntaxError as error:
        return Prepared(None, (_invalid(error),))
    errors = excesses(document, schema, limits)
    if not errors:
        found = validate(schema, document, max_errors=MAX_ERRORS, hide_suggestions=True)
        errors = [_invalid(error) for error in found]
    return Prepared(document, tuple(errors))


def _invalid(error: GraphQLError) -> GraphQLError:
    """Give an error of the query itself its code.

    It is made anew because a GraphQLSyntaxError would close the whole socket that it came over.
    """
    return GraphQLError(
        error.message,
        error.nodes,
        error.source,
        error.positions,
        extensions={"code": "INVALID_QUERY"},
    )


def _unnamed(document: DocumentNode, operation_name: str | None) -> list[GraphQLError]:
    """Refuse to guess which operation is meant; strawberry would run the first."""
    count = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    if count < 2 or operation_name is not None:
        return []
    message = f"this document has {count} operations: say which one with operationName"
    return [GraphQLError(message, extensions={"code": "INVALID_QUERY"})]


def _stand_in(operation_name: str | None) -> DocumentNode:
    """Return a harmless document, so that the errors of an unreadable one can be reported."""
    name = operation_name if operation_name and _NAME.fullmatch(operation_name) else ""
    return parse(f"query {name} {{ __typename }}")
