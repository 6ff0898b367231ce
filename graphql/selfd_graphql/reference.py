"""`python -m selfd_graphql.reference` prints docs/reference/api.md, made from the schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    print_ast,
)

from selfd_graphql.schema import sdl

_HEAD = """# API, field by field

Every query, mutation and subscription of
[`graphql/schema.graphql`](../../graphql/schema.graphql), then every type. `!` marks what is never
null. How to connect, the limits and the errors are in [The GraphQL API](graphql.md).

This page is generated from the schema: `make schema` writes it anew.
"""
_BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


def page() -> str:
    """Return docs/reference/api.md; a test holds the file to it."""
    schema = build_schema(sdl())
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    parts = [_HEAD]
    for title, root in zip(("Queries", "Mutations", "Subscriptions"), roots, strict=True):
        assert root is not None
        parts.append(f"## {title}\n")
        parts += [_operation(name, field) for name, field in sorted(root.fields.items())]
    parts.append("## Types\n")
    parts += [_type(each) for each in _types(schema) if each not in roots]
    return "\n".join(parts)


def _types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """List the types that are ours, by name."""
    names = sorted(name for name in schema.type_map if not name.startswith("__"))
    return [schema.type_map[name] for name in names if name not in _BUILT_IN]


def _operation(name: str, field: GraphQLField) -> str:
    lines = [f"### {name}", "", f"    {name}{_arguments(field)}: {field.type}", ""]
    if field.description:
        lines += [_words(field.description), ""]
    told = [(each, argument) for each, argument in field.args.items() if argument.description]
    lines += [f"- `{each}`: {_words(argument.description)}" for each, argument in told]
    return "\n".join([*lines, ""] if told else lines)


def _arguments(field: GraphQLField) -> str:
    given = [f"{name}: {each.type}{_default(each)}" for name, each in field.args.items()]
    return f"({', '.join(given)})" if given else ""


def _default(value: GraphQLArgument | GraphQLInputField) -> str:
    written = value.ast_node.default_value if value.ast_node else None
    return f" = {print_ast(written)}" if written else ""


def _type(type_: GraphQLNamedType) -> str:
    lines = [f"### {type_.name}", ""]
    if type_.description:
        lines += [_words(type_.description), ""]
    return "\n".join([*lines, *_members(type_), ""])


def _members(type_: GraphQLNamedType) -> Iterator[str]:
    """Give a type's rows: fields, values, or what it may be."""
    if isinstance(type_, GraphQLUnionType):
        yield "One of " + ", ".join(f"[{each.name}](#{each.name.lower()})" for each in type_.types)
    elif isinstance(type_, GraphQLEnumType):
        yield from (_row(name, "", value.description) for name, value in type_.values.items())
    elif isinstance(type_, GraphQLInputObjectType):
        for name, part in type_.fields.items():
            yield _row(name, f"{part.type}{_default(part)}", part.description)
    elif isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in type_.fields.items():
            yield _row(name + _arguments(field), str(field.type), field.description)
    elif not isinstance(type_, GraphQLScalarType):
        raise TypeError(f"no page for the kind of {type_.name}")


def _row(name: str, type_: str, description: str | None) -> str:
    told = f" - {_words(description)}" if description else ""
    return f"- `{name}{': ' + type_ if type_ else ''}`{told}"


def _words(description: str | None) -> str:
    """Put a description on one line."""
    return " ".join((description or "").split())


if __name__ == "__main__":
    sys.stdout.write(page())
