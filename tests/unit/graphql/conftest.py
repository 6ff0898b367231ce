"""A schema over fake services, and a way to ask it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from strawberry.types.execution import ExecutionResult

from selfd_graphql.schema import Schema, build_schema
from support.services import Ask, FakeServices, Follow


@pytest.fixture(scope="session")
def schema() -> Schema:
    return build_schema()


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def ask(schema: Schema, services: FakeServices) -> Ask:
    async def asking(query: str, /, **variables: Any) -> ExecutionResult:
        context = {"services": services}
        return await schema.execute(query, variable_values=variables, context_value=context)

    return asking


@pytest.fixture
def follow(schema: Schema, services: FakeServices) -> Follow:
    async def following(query: str, /, **variables: Any) -> AsyncGenerator[ExecutionResult, None]:
        context = {"services": services}
        stream = await schema.subscribe(query, variable_values=variables, context_value=context)
        try:
            async for result in stream:
                yield result
        finally:
            await stream.aclose()

    return following
