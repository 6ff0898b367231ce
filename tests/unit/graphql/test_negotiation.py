"""Accept headers."""

from __future__ import annotations

import pytest

from selfd_graphql.transport.negotiation import GRAPHQL_RESPONSE, JSON, negotiate


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/*", GRAPHQL_RESPONSE),
        ("application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/graphql-response+json; charset=utf-8, application/json", GRAPHQL_RESPONSE),
        ("application/json, application/graphql-response+json", JSON),
        ("application/json;q=0.5, application/graphql-response+json", GRAPHQL_RESPONSE),
        ("application/json;q=0", None),
        ("APPLICATION/JSON", JSON),
        ("text/html, */*;q=0.1", JSON),
        ("text/html", None),
        ("application/json;q=nonsense", None),
        (",;,", None),
    ],
)
def test_the_best_of_what_we_offer_is_chosen(accept: str, chosen: str | None) -> None:
    assert negotiate(accept) == chosen
