"""The documents that our own clients send."""

from __future__ import annotations

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

from selfd_graphql.execution.limits import Limits
from selfd_graphql.execution.weights import excesses
from selfd_graphql.operations import document, names
from selfd_graphql.schema import sdl


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(sdl())


def test_there_are_documents() -> None:
    assert {"status", "remember", "search", "generate", "events"} <= set(names())


@pytest.mark.parametrize("name", names())
def test_each_document_is_valid_and_within_the_limits(schema: GraphQLSchema, name: str) -> None:
    parsed = parse(document(name))
    assert validate(schema, parsed) == []
    assert excesses(parsed, schema, Limits()) == []


@pytest.mark.parametrize("name", names())
def test_each_document_holds_one_operation_named_like_its_file(name: str) -> None:
    (operation,) = parse(document(name)).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == "".join(word.title() for word in name.split("_"))


def test_an_unknown_document_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.graphql"):
        document("nothing")
