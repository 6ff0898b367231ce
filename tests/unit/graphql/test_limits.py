"""What a query may ask for, and what one that asks for more is told."""

from __future__ import annotations

import time
from typing import Any

import pytest
from graphql import get_introspection_query
from hypothesis import given, settings
from hypothesis import strategies as st

from selfd_graphql.execution.limits import Limits
from selfd_graphql.execution.preparation import preparation
from selfd_graphql.schema import Schema
from support.services import Ask, FakeServices

pytestmark = pytest.mark.anyio


def chain(links: int, spreads: int = 1) -> str:
    """Return a query of fragments that each spread the next one."""
    fragments = [
        f"fragment F{link} on Query {{ __typename {f'...F{link + 1} ' * spreads} }}"
        for link in range(links)
    ]
    return f"{{ ...F0 }} {' '.join(fragments)} fragment F{links} on Query {{ __typename }}"


async def refusal(ask: Ask, query: str, **variables: Any) -> str:
    """Return the one message of a refused query, and check its code."""
    result = await ask(query, **variables)
    assert result.data is None
    assert result.errors is not None
    for error in result.errors:
        assert error.extensions is not None
        assert error.extensions["code"] == "QUERY_TOO_COMPLEX"
    return result.errors[0].message


async def test_a_query_as_deep_as_the_limit_runs(ask: Ask) -> None:
    inner = "id"
    query = f"{{ articles {{ edges {{ node {{ feed {{ {inner} }} }} }} }} }}"
    assert (await ask(query)).errors is None


async def test_a_query_200_levels_deep_is_told_the_limit(ask: Ask) -> None:
    message = await refusal(ask, "{" + "x{" * 199 + "y" + "}" * 200)
    assert "150" in message or "the depth of this query is 200, the limit is 12" in message


async def test_a_query_a_little_too_deep_is_told_how_deep_it_is(ask: Ask) -> None:
    message = await refusal(ask, "{" + "x{" * 12 + "y" + "}" * 13)
    assert message == "the depth of this query is 13, the limit is 12: ask for less at once"


async def test_thousands_of_levels_are_refused_while_parsing(ask: Ask) -> None:
    result = await ask("{" + "x{" * 900 + "y" + "}" * 901)
    assert result.errors is not None
    assert "nested too deeply" in result.errors[0].message


async def test_too_many_aliases_are_refused(ask: Ask) -> None:
    query = "{" + " ".join(f"a{number}: __typename" for number in range(31)) + "}"
    message = await refusal(ask, query)
    assert message.startswith("the number of aliases in this query is 31, the limit is 30")


async def test_too_many_tokens_are_refused(ask: Ask) -> None:
    result = await ask("{ status { version " + "@skip(if: true) " * 400 + "} }")
    assert result.errors is not None
    assert "more than 2000 tokens" in result.errors[0].message


async def test_a_long_text_belongs_into_a_variable(ask: Ask) -> None:
    text = "x" * 70_000
    message = await refusal(ask, f'mutation {{ remember(input: {{text: "{text}"}}) {{ id }} }}')
    assert message.endswith("pass long texts as variables")
    mutation = "mutation ($text: String!) { remember(input: {text: $text}) { text } }"
    result = await ask(mutation, text=text)
    assert result.data == {"remember": {"text": text}}


async def test_lists_multiply_the_cost_of_what_is_in_them(ask: Ask) -> None:
    page = "edges { node { id title feed { id title } } }"
    query = " ".join(f"a{n}: articles(first: 100) {{ {page} }}" for n in range(30))
    message = await refusal(ask, f"{{ {query} }}")
    assert message.startswith("the cost of this query is 21,030, the limit is 20,000")


async def test_a_page_size_in_a_variable_counts_as_the_largest_page(ask: Ask) -> None:
    page = "edges { node { id title feed { id title } } }"
    query = " ".join(f"a{n}: articles(first: $n) {{ {page} }}" for n in range(30))
    message = await refusal(ask, f"query ($n: Int) {{ {query} }}", n=1)
    assert "the cost of this query" in message


async def test_the_same_field_over_and_over_is_refused(ask: Ask) -> None:
    message = await refusal(ask, "{ status { " + "version " * 201 + "} }")
    assert "repeats 'version' is 201, the limit is 200" in message


async def test_doubling_fragments_are_refused_in_no_time(ask: Ask) -> None:
    begun = time.process_time()
    message = await refusal(ask, chain(100, spreads=2))
    assert time.process_time() - begun < 1.0  # milliseconds; unmemoised it would take for ever
    assert message.startswith("the number of fields in this query is over 1,000,000,000")


async def test_a_hundred_nested_fragments_are_answered(ask: Ask) -> None:
    assert (await ask(chain(100))).data == {"__typename": "Query"}


async def test_more_nesting_than_the_limit_is_refused(ask: Ask) -> None:
    message = await refusal(ask, chain(180))
    assert message.startswith("the nesting of this query is 151, the limit is 150")


async def test_a_cycle_of_fragments_is_named(ask: Ask) -> None:
    query = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    result = await ask(query)
    assert result.errors is not None
    assert "Cannot spread fragment 'A' within itself via 'B'." in result.errors[0].message


@pytest.mark.parametrize("options", [{}, {"input_value_deprecation": True, "one_of": True}])
async def test_the_introspection_of_tools_passes(ask: Ask, options: dict[str, Any]) -> None:
    query = get_introspection_query(descriptions=True, schema_description=True, **options)
    result = await ask(query)
    assert result.errors is None
    assert result.data is not None
    assert result.data["__schema"]["queryType"]["name"] == "Query"


async def test_introspection_in_circles_is_refused(ask: Ask) -> None:
    query = "{ __schema { types { " + "fields { type { " * 8 + "name" + "}" * 19
    result = await ask(query)
    assert result.errors is not None


@pytest.mark.parametrize("brackets", ["[]", "{}"])
async def test_arguments_nested_too_deeply_are_refused(ask: Ask, brackets: str) -> None:
    opening = "[" if brackets == "[]" else "{a: "
    value = opening * 40 + "1" + brackets[1] * 40
    message = await refusal(
        ask, f"mutation {{ startJob(kind: INGEST, options: {value}) {{ id }} }}"
    )
    assert message.startswith("the depth of the argument 'options' is 33, the limit is 32")


async def test_a_list_in_a_variable_that_is_too_long_is_refused(ask: Ask) -> None:
    query = "query ($texts: [String!]!) { embed(texts: $texts) }"
    message = await refusal(ask, query, texts=["x"] * 10_001)
    assert message.startswith("the length of a list in $texts is 10,001, the limit is 10,000")


async def test_several_operations_need_a_name(ask: Ask) -> None:
    result = await ask("query A { __typename } query B { __typename }")
    assert result.errors is not None
    expected = "this document has 2 operations: say which one with operationName"
    assert result.errors[0].message == expected


async def test_unknown_fields_get_no_suggestions(ask: Ask) -> None:
    result = await ask("{ statuz { version } }")
    assert result.errors is not None
    assert result.errors[0].message == "Cannot query field 'statuz' on type 'Query'."
    assert result.errors[0].extensions == {"code": "INVALID_QUERY"}


async def test_a_syntax_error_is_told_also_with_an_operation_name(
    schema: Schema, services: FakeServices
) -> None:
    context = {"services": services}
    result = await schema.execute("query A { status {", operation_name="A", context_value=context)
    assert result.errors is not None
    assert result.errors[0].message.startswith("Syntax Error")
    assert result.errors[0].locations is not None


PIECES = [
    *("{", "}", "(", ")", "[", "]", "...", "...F", "...G", "fragment", "F", "on", "Query"),
    *("first:", "9", "a:", "$v", "@skip(if:true)", "__schema", "types", "fields", "memories"),
    *("edges", "node", "query", "mutation", '"x"', "#", ","),
]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map(" ".join))
def test_any_text_is_prepared_or_refused_with_a_reason(schema: Schema, text: str) -> None:
    prepared = preparation(Limits())()._prepare(schema._schema, text)
    assert prepared.document is not None or prepared.errors


def test_a_query_text_is_prepared_once(schema: Schema) -> None:
    make = preparation(Limits())
    first = make()._prepare(schema._schema, "{ status { version } }")
    again = make()._prepare(schema._schema, "{ status { version } }")
    assert again.document is first.document
