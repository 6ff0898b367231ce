"""How long operations take, by name, for a log line and a figure each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeAlias

import structlog
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from selfd_graphql.operations import names
from selfd_graphql.ports import Operation

log = structlog.get_logger(__name__)


Observe: TypeAlias = Callable[[Operation], None]


class Observation(SchemaExtension):
    """Report each operation; subscriptions live for hours and say nothing by their length."""

    def on_operation(self) -> Iterator[None]:
        """Take the time around everything else."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        yield
        context = self.execution_context
        if context.graphql_document is None or context.operation_type is OperationType.SUBSCRIPTION:
            return
        name = context.operation_name
        operation = Operation(
            name=name if name in _known_names() else "other",
            seconds=clock() - begun,
            failed=bool(context.pre_execution_errors),
        )
        log.debug("operation", name=name, seconds=operation.seconds, failed=operation.failed)
        observe: Observe | None = context.context.get("observe")
        if observe is not None:
            observe(operation)


@cache
def _known_names() -> frozenset[str]:
    return frozenset("".join(word.title() for word in name.split("_")) for name in names())
