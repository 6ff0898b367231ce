"""The API over plain HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from support.api import TOKEN, Api, api

pytestmark = pytest.mark.anyio

STRICT = "application/graphql-response+json"
VERSION = {"query": "{ status { version } }"}


def error(response: Any) -> dict[str, Any]:
    """Return the only error of an answer, and check that there is no data."""
    answer = response.json()
    assert "data" not in answer
    (found,) = answer["errors"]
    found["code"] = found["extensions"]["code"]
    return dict(found)


async def test_a_query_is_answered_without_a_redirect() -> None:
    async with api() as served:
        response = await served.post(VERSION)
    assert response.status_code == 200
    assert response.json() == {"data": {"status": {"version": "1.0"}}}


@pytest.mark.parametrize("accept", ["application/json", "*/*", STRICT, None])
async def test_the_answer_has_the_type_that_was_asked_for(accept: str | None) -> None:
    async with api() as served:
        response = await served.post(VERSION, accept=accept)
    expected = STRICT if accept == STRICT else "application/json"
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"


async def test_an_invalid_query_is_a_bad_request_to_strict_clients_only() -> None:
    async with api() as served:
        strict = await served.post({"query": "{ nothing }"}, accept=STRICT)
        lenient = await served.post({"query": "{ nothing }"}, accept="application/json")
    assert strict.status_code == 400
    assert error(strict)["code"] == "INVALID_QUERY"
    assert lenient.status_code == 200
    assert lenient.json()["errors"] == strict.json()["errors"]


async def test_a_query_by_get_is_answered() -> None:
    async with api() as served:
        response = await served.http.get(
            served.url,
            params={"query": "{ status { version } }", "variables": "{}"},
            headers={"authorization": TOKEN},
        )
    assert response.json() == {"data": {"status": {"version": "1.0"}}}


async def test_a_mutation_by_get_is_refused() -> None:
    async with api() as served:
        response = await served.http.get(
            served.url,
            params={"query": 'mutation { forget(id: "memory:1") }'},
            headers={"authorization": TOKEN},
        )
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert "use POST" in error(response)["message"]


async def test_a_subscription_over_plain_http_is_told_what_it_needs() -> None:
    async with api() as served:
        response = await served.post({"query": "subscription { events { kind } }"})
    assert response.status_code == 400
    expected = "subscriptions need a WebSocket, or Accept: text/event-stream"
    assert error(response)["message"] == expected


@pytest.mark.parametrize("shown", ["", "Bearer wrong", "Bearer"])
async def test_without_the_token_nothing_is_answered(shown: str) -> None:
    async with api() as served:
        response = await served.post(VERSION, headers={"authorization": shown})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="selfd"'
    assert error(response)["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_other_methods_are_refused(method: str) -> None:
    async with api() as served:
        response = await served.http.request(method, served.url, headers={"authorization": TOKEN})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_a_client_that_takes_none_of_our_types_is_told_them() -> None:
    async with api() as served:
        response = await served.post(VERSION, accept="text/csv")
    assert response.status_code == 406
    assert STRICT in error(response)["message"]


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", ""])
async def test_only_json_is_read(content_type: str) -> None:
    async with api() as served:
        response = await served.post(VERSION, headers={"content-type": content_type})
    assert response.status_code == 415
    assert error(response)["code"] == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "no JSON"),
        (b'{"query": "{ status', "no JSON"),
        (b'{"query": "\xff"}', "no JSON"),
        (b'{"query": "\\ud800"}', "no JSON"),
        (b"null", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"[]", "Batching is not enabled"),
        (b'[{"query": "{ __typename }"}]', "Batching is not enabled"),
        (b"{}", "No GraphQL query"),
        (b'{"query": 5}', "must be a string"),
        (b'{"query": "{ __typename }", "variables": []}', "must be an object"),
        (b'{"query": "{ __typename }", "operationName": {}}', "must be a string"),
        (b'{"query": "{ __typename }", "operationName": "Other"}', "Unknown operation"),
    ],
)
async def test_a_body_that_is_no_request_is_told_why(body: bytes, reason: str) -> None:
    async with api() as served:
        response = await served.post(body)
        again = await served.post(VERSION)
    assert response.status_code == 400
    assert reason in error(response)["message"]
    assert again.status_code == 200


@pytest.mark.parametrize("announced", [True, False])
async def test_a_text_of_50_megabytes_is_refused_with_the_limit(announced: bool) -> None:
    async with api() as served:
        body = json.dumps({"query": "x", "variables": {"text": "x" * 50_000_000}}).encode()
        pieces = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
        headers = {"content-type": "application/json", "authorization": TOKEN}
        content: Any = body if announced else _slowly(pieces)
        response = await served.http.post(served.url, content=content, headers=headers)
        again = await served.post(VERSION)
    assert response.status_code == 413
    found = error(response)
    assert found["code"] == "TOO_LARGE"
    assert found["extensions"]["limit"] == 8 * 1024 * 1024
    assert found["extensions"]["size"] == len(body)
    assert "the limit is 8,388,608" in found["message"]
    assert again.status_code == 200


async def _slowly(pieces: Any) -> Any:
    for piece in pieces:
        yield piece


async def test_a_browser_gets_graphiql_without_the_token() -> None:
    async with api() as served:
        page = await served.http.get(served.url, headers={"accept": "text/html"})
        script = await served.http.get(f"{served.url}/static/ide.js")
        missing = await served.http.get(f"{served.url}/static/other.js")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert (
        f"connect-src 'self' ws://127.0.0.1:{served.port};"
        in (page.headers["content-security-policy"])
    )
    assert script.status_code == 200
    assert script.headers["content-type"].startswith("text/javascript")
    assert missing.status_code == 401


async def test_a_bug_reaches_the_client_only_as_an_id() -> None:
    async with api() as served:
        served.services.system.broken = RuntimeError("the password is hunter2")
        with capture_logs() as log:
            response = await served.post(VERSION)
    assert "hunter2" not in response.text
    (entry,) = [entry for entry in log if entry["event"] == "internal error"]
    assert entry["id"] == response.json()["errors"][0]["extensions"]["id"]
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"


async def _status(served: Api) -> int:
    return (await served.post(VERSION)).status_code


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { " + "fields { type { " * 100 + "name" + " } }" * 100 + "} } }",
        "{" + " ".join(f"a{number}: __typename" for number in range(600)) + "}",
        "{ status { version " + "@include(if: true) " * 300 + "} }",
        "{ ...F } fragment F on Query { ...F ...F }",
        " ".join(f"query Q{number} {{ __typename }}" for number in range(300)),
        "{" * 10_000,
        '{ node(id: "' + "\\u{1F600}" * 1000 + '") { id } }',
        "{ status { version } } # \u202e\u0000",
        '{ node(id: "\\ud800") { id } }',
        "#" * 60_000,
        "," * 60_000 + "{",
    ],
)
async def test_abuse_is_refused_and_the_next_query_answered(query: str) -> None:
    async with api() as served:
        response = await served.post({"query": query}, accept=STRICT)
        assert response.status_code in (200, 400)
        if response.status_code == 400:
            assert response.json()["errors"][0]["extensions"]["code"]
        assert await _status(served) == 200
