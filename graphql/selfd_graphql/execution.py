"""How values leave: whole numbers as wide as JSON's, and vectors at one go."""

from __future__ import annotations

from math import isfinite
from typing import Any

from graphql import GraphQLFloat, GraphQLInt, GraphQLList, GraphQLNonNull
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

MAX_SAFE_INTEGER = 2**53 - 1  # the largest that a double, and so JavaScript, holds exactly


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Executes as strawberry does, but for two kinds of values.

    The contract gives sizes in bytes as Int, and a few gigabytes of models or memories pass the 32
    bits of the specification. JSON and every reader of it carry 53. Arguments keep to 32.

    An embedding is hundreds of Floats, which would be completed one by one, each with its path.
    """

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
