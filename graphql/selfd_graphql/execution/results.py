"""How results are made: wide whole numbers, vectors at one go, and events once for everybody."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from math import isfinite
from typing import Any

from graphql import ExecutionResult, GraphQLFloat, GraphQLInt, GraphQLList, GraphQLNonNull
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

MAX_SAFE_INTEGER = 2**53 - 1  # the largest that a double, and so JavaScript, holds exactly
MAX_SHARED = 512  # results; readers that are further behind make their own


class Shareable:
    """A payload of a subscription that shows the same to all who ask the same."""

    @property
    def key(self) -> Hashable:
        """What tells it from every other payload of these services."""
        raise NotImplementedError


class SharedResults:
    """What the newest payloads look like, by query."""

    def __init__(self) -> None:
        # With each result its operation, so that nothing else can have the id that is in the key.
        self._results: OrderedDict[Hashable, tuple[ExecutionResult, object]] = OrderedDict()

    def get(self, key: Hashable) -> ExecutionResult | None:
        """Return a result that was made before."""
        found = self._results.get(key)
        return found[0] if found else None

    def put(self, key: Hashable, result: ExecutionResult, operation: object) -> None:
        """Keep a result, and drop the oldest of too many."""
        self._results[key] = (result, operation)
        if len(self._results) > MAX_SHARED:
            self._results.popitem(last=False)


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Executes as strawberry does, but for three things.

    The contract gives sizes in bytes as Int, and a few gigabytes of models or memories pass the 32
    bits of the specification. JSON and every reader of it carry 53. Arguments keep to 32.

    An embedding is hundreds of Floats, which would be completed one by one, each with its path.

    An event looks the same to everybody who follows it with the same query, so that a hundred
    subscribers cost little more than one.
    """

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Execute a query, a mutation or one event of a subscription."""
        payload, shared = self.root_value, self.context_value.get("shared")
        if not isinstance(payload, Shareable) or shared is None:
            return super().execute_operation(serially)
        key = (id(self.operation), repr(self.variable_values.coerced), payload.key)
        result = shared.get(key)
        if result is None:
            result = super().execute_operation(serially)
            if isinstance(result, ExecutionResult) and not result.errors:
                shared.put(key, result, self.operation)
        return result

    @staticmethod
    def complete_leaf_value(return_type: Any, result: Any) -> Any:
        """Return the value of a leaf as it goes to the client."""
        if return_type is GraphQLInt and type(result) is int and abs(result) <= MAX_SAFE_INTEGER:
            return result
        return StrawberryGraphQLCoreExecutionContext.complete_leaf_value(return_type, result)

    def complete_list_value(
        self,
        return_type: GraphQLList[Any],
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Return a list as it goes to the client."""
        if _is_vector(return_type) and all(type(x) is float and isfinite(x) for x in result):
            return result
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )


def _is_vector(type_: GraphQLList[Any]) -> bool:
    item = type_.of_type
    return isinstance(item, GraphQLNonNull) and item.of_type is GraphQLFloat
