"""What a document asks for, worked out in one pass.

Each fragment is weighed once, however often it is spread, so the time is linear in the document.
The limiters that come with strawberry walk every spread again: exponential in nested fragments.
The pass comes before validation, whose rules are slow on just what it refuses.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, TypeAlias

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from selfd_graphql.arguments import MAX_PAGE
from selfd_graphql.execution.limits import CAP, Limits, too_much
from selfd_graphql.scalars import MAX_JSON_DEPTH

GUESS = 20  # items of a list that takes no `first`
INTROSPECTION = {"__schema": "__Schema", "__type": "__Type"}

Type: TypeAlias = GraphQLNamedType | None


class Weight(NamedTuple):
    """What a part of a document asks for."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    cost: int = 0

    def beside(self, other: Weight) -> Weight:
        """Return the weight of both in one selection."""
        return Weight(
            max(self.depth, other.depth),
            min(self.aliases + other.aliases, CAP),
            min(self.fields + other.fields, CAP),
            min(self.cost + other.cost, CAP),
        )


def excesses(document: DocumentNode, schema: GraphQLSchema, limits: Limits) -> list[GraphQLError]:
    """Return an error for each limit that the document breaks; validation need not follow then."""
    scale = _Scale(document, schema, limits)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode) and not scale.errors:
            root = schema.get_root_type(definition.operation)
            scale.judge(scale.selections(definition.selection_set, root, 0))
    return scale.errors


class _Scale:
    """Weighs the parts of one document and gathers what breaks a limit."""

    def __init__(self, document: DocumentNode, schema: GraphQLSchema, limits: Limits) -> None:
        self.errors: list[GraphQLError] = []
        self._schema = schema
        self._limits = limits
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._weighed: dict[str, Weight] = {}
        self._repeats: Counter[str] = Counter()

    def judge(self, weight: Weight) -> None:
        """Compare the weight of a whole operation with the limits."""
        limits = self._limits
        name, count = max(self._repeats.items(), key=lambda pair: pair[1], default=("", 0))
        for what, found, limit in (
            ("the depth of this query", weight.depth, limits.depth),
            ("the number of aliases in this query", weight.aliases, limits.aliases),
            ("the number of fields in this query", weight.fields, limits.fields),
            ("the cost of this query", weight.cost, limits.cost),
            (f"the number of times that this query repeats {name!r}", count, limits.repeats),
        ):
            self._compare(what, found, limit)

    def selections(self, node: SelectionSetNode | None, parent: Type, level: int) -> Weight:
        """Weigh a selection; `level` counts the braces and fragments around it."""
        weight = Weight()
        if level > self._limits.nesting:
            if not self.errors:  # once is enough
                self._compare("the nesting of this query", level, self._limits.nesting)
            return weight
        for selection in node.selections if node else ():
            weight = weight.beside(self._selection(selection, parent, level + 1))
        return weight

    def _selection(self, node: SelectionNode, parent: Type, level: int) -> Weight:
        if isinstance(node, FieldNode):
            return self._field(node, parent, level)
        if isinstance(node, FragmentSpreadNode):
            return self._spread(node.name.value, level)
        assert isinstance(node, InlineFragmentNode)
        if node.type_condition:
            parent = self._schema.get_type(node.type_condition.name.value)
        return self.selections(node.selection_set, parent, level)

    def _spread(self, name: str, level: int) -> Weight:
        if name not in self._weighed:
            self._weighed[name] = Weight()  # stands in a cycle, which validation reports
            fragment = self._fragments.get(name)
            if fragment is not None:
                parent = self._schema.get_type(fragment.type_condition.name.value)
                weight = self.selections(fragment.selection_set, parent, level)
                self._weighed[name] = weight
        return self._weighed[name].beside(Weight(fields=1))

    def _field(self, node: FieldNode, parent: Type, level: int) -> Weight:
        name = node.name.value
        self._repeats[node.alias.value if node.alias else name] += 4 if node.selection_set else 1
        for argument in node.arguments or ():
            self._argument(argument)
        if name in INTROSPECTION:
            return self._introspection(node, level)
        definition = _definition(parent, name)
        inner_type = get_named_type(definition.type) if definition else None
        inner = self.selections(node.selection_set, inner_type, level)
        return Weight(
            inner.depth + 1,
            inner.aliases + (node.alias is not None),
            inner.fields + 1,
            min(1 + _length(node, definition) * inner.cost, CAP),
        )

    def _introspection(self, node: FieldNode, level: int) -> Weight:
        """Weigh the schema's own fields, which tools ask for more deeply; each costs one."""
        root = self._schema.get_type(INTROSPECTION[node.name.value])
        inner = self.selections(node.selection_set, root, level)
        what = "the depth of this introspection"
        self._compare(what, inner.depth, self._limits.introspection_depth)
        return Weight(1, inner.aliases, inner.fields + 1, inner.fields + 1)

    def _argument(self, node: ArgumentNode) -> None:
        level: list[ValueNode] = [node.value]
        for _ in range(MAX_JSON_DEPTH):
            level = [inner for value in level for inner in _inside(value)]
        if level:
            what = f"the depth of the argument {node.name.value!r}"
            self._compare(what, MAX_JSON_DEPTH + 1, MAX_JSON_DEPTH)

    def _compare(self, what: str, found: int, limit: int) -> None:
        if found > limit:
            self.errors.append(too_much(what, found, limit))


def _definition(parent: Type, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        fields: dict[str, GraphQLField] = parent.fields
        return fields.get(name)
    return None


def _length(node: FieldNode, definition: GraphQLField | None) -> int:
    """Return how many times the selection of a field will be answered, at most or as a guess."""
    if definition is None:
        return 1
    if "first" in definition.args:
        asked = next((arg.value for arg in node.arguments or () if arg.name.value == "first"), None)
        if isinstance(asked, VariableNode):
            return MAX_PAGE
        if isinstance(asked, IntValueNode):
            return MAX_PAGE if len(asked.value) > 3 else max(int(asked.value), 1)
        return GUESS
    if node.name.value == "edges":  # as many as the connection around them was asked for
        return 1
    return GUESS if is_list_type(get_nullable_type(definition.type)) else 1


def _inside(value: ValueNode) -> list[ValueNode]:
    if isinstance(value, ListValueNode):
        return list(value.values)
    if isinstance(value, ObjectValueNode):
        return [field.value for field in value.fields]
    return []
