"""The documents that the commands send are there, with one root field each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse

import selfd_daemon.cli
from selfd_graphql.operations import document, names

SOURCES = Path(selfd_daemon.cli.__file__).parent.rglob("*.py")
SENT = {
    name
    for source in SOURCES
    for name in re.findall(r"\.(?:send|stream)\(\s*\"(\w+)\"", source.read_text())
}


def test_the_commands_send_only_documents_that_are_there() -> None:
    assert len(SENT) > 15
    assert set(names()) >= SENT


@pytest.mark.parametrize("name", sorted(SENT))
def test_a_document_has_one_root_field(name: str) -> None:
    """The client takes the value of the only field."""
    [operation] = parse(document(name)).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert len(operation.selection_set.selections) == 1
