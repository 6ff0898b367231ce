"""The exported schema against the public contract and against the tracked file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, find_breaking_changes

from selfd_graphql import operations
from selfd_graphql.schema import sdl

CONTRACT = Path(__file__).parent / "contract.graphql"
TRACKED = operations._IN_REPOSITORY.parent / "schema.graphql"

# What the contract promises and nothing answers yet. Lines may only be removed.
MISSING_FIELDS = {
    "Query.tools",
    "Query.workflows",
    "Mutation.connectTools",
    "Mutation.callTool",
    "Mutation.runWorkflow",
}
MISSING_TYPES = {
    "Tool",
    "Workflow",
    "WorkflowKind",
    "WorkflowStage",
}


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema(CONTRACT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def exported() -> GraphQLSchema:
    return build_schema(sdl())


def test_only_the_listed_parts_of_the_contract_are_missing(
    contract: GraphQLSchema, exported: GraphQLSchema
) -> None:
    allowed = {f"{name} was removed." for name in MISSING_TYPES}
    allowed |= {f"Field {name} was removed." for name in MISSING_FIELDS}
    assert {change.description for change in find_breaking_changes(contract, exported)} == allowed


def test_the_tracked_schema_is_the_exported_one() -> None:
    assert TRACKED.read_text(encoding="utf-8") == sdl(), "run make schema and commit the result"


def test_the_export_command_prints_the_schema() -> None:
    command = [sys.executable, "-m", "selfd_graphql.export"]
    printed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert printed == sdl()


def test_every_field_of_the_roots_has_a_description(exported: GraphQLSchema) -> None:
    for root in (exported.query_type, exported.mutation_type, exported.subscription_type):
        assert root is not None
        undescribed = [name for name, field in root.fields.items() if not field.description]
        assert undescribed == []
