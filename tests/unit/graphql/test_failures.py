"""What clients are told of failures."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

import selfd_storage
from selfd_graphql.errors import STORAGE_CODES, ServiceError, failure
from selfd_storage import DuplicateError, NotFoundError, StorageError
from support.services import Ask, FakeServices, Follow

pytestmark = pytest.mark.anyio

STORAGE_ERRORS = [
    error
    for _, error in inspect.getmembers(selfd_storage, inspect.isclass)
    if issubclass(error, StorageError) and error is not StorageError
]


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


def bugs(log: list[Any]) -> list[Any]:
    """Return what was logged as a bug."""
    return [entry for entry in log if entry["event"] == "internal error"]


@pytest.mark.parametrize("error", STORAGE_ERRORS)
def test_each_error_of_the_store_has_a_code(error: type[StorageError]) -> None:
    assert error in STORAGE_CODES


def test_no_two_errors_of_the_store_share_a_code() -> None:
    assert len(set(STORAGE_CODES.values())) == len(STORAGE_CODES)


def test_a_bug_is_no_expected_failure() -> None:
    assert failure(ValueError("oops")) is None


async def test_an_unknown_id_is_told_with_its_code_and_id(ask: Ask) -> None:
    result = await ask('mutation { updateMemory(id: "memory:404", text: "x") { id } }')
    assert result.errors is not None
    assert result.errors[0].message == "no memory with id 'memory:404'"
    assert result.errors[0].extensions == {"code": "NOT_FOUND", "id": "memory:404"}
    assert result.errors[0].path == ["updateMemory"]


async def test_what_is_there_already_is_named(ask: Ask, services: FakeServices) -> None:
    services.system.broken = DuplicateError("the feed is followed already", "feed:1")
    result = await ask("{ status { version } }")
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "DUPLICATE", "id": "feed:1"}


async def test_a_failure_of_a_service_keeps_its_code_and_facts(ask: Ask) -> None:
    result = await ask('mutation { ingest(path: "/missing") { id } }')
    assert result.errors is not None
    assert result.errors[0].message == "no file or folder at '/missing'"
    assert result.errors[0].extensions == {"code": "NOT_FOUND", "path": "/missing"}


async def test_a_bug_is_masked_and_its_id_is_in_the_log(
    ask: Ask, services: FakeServices, log: list[Any]
) -> None:
    services.system.broken = RuntimeError("the password is hunter2")
    result = await ask("{ status { version } }")
    assert result.errors is not None
    (error,) = result.errors
    assert error.extensions is not None
    id = error.extensions["id"]
    assert error.message == f"internal error {id}: see the log"
    assert error.extensions["code"] == "INTERNAL"
    (entry,) = bugs(log)
    assert entry["id"] == id
    assert entry["exc_info"] is services.system.broken


async def test_each_bug_gets_an_id_of_its_own(
    ask: Ask, services: FakeServices, log: list[Any]
) -> None:
    services.system.broken = RuntimeError("oops")
    await ask("{ a: status { version } }")
    await ask("{ a: status { version } }")
    first, second = (entry["id"] for entry in bugs(log))
    assert first != second


async def test_a_failure_of_a_stream_is_told_with_its_code(
    follow: Follow, services: FakeServices
) -> None:
    services.events.channel.put(ServiceError("GONE", "the log was cut"))
    (result,) = [result async for result in follow("subscription { events { kind } }")]
    assert result.errors is not None
    assert result.errors[0].message == "the log was cut"
    assert result.errors[0].extensions == {"code": "GONE"}


async def test_a_bug_in_a_stream_is_masked(
    follow: Follow, services: FakeServices, log: list[Any]
) -> None:
    services.events.channel.put(RuntimeError("secret"))
    (result,) = [result async for result in follow("subscription { events { kind } }")]
    assert result.errors is not None
    assert "secret" not in result.errors[0].message
    assert result.errors[0].extensions is not None
    assert result.errors[0].extensions["code"] == "INTERNAL"


async def test_an_error_of_no_kind_that_we_know_still_has_a_code(
    ask: Ask, services: FakeServices
) -> None:
    class StrangeError(StorageError):
        pass

    services.system.broken = StrangeError("odd")
    result = await ask("{ status { version } }")
    assert result.errors is not None
    assert result.errors[0].extensions == {"code": "STORAGE"}


async def test_a_removed_feed_is_told_where_its_article_is(
    ask: Ask, services: FakeServices
) -> None:
    services.feeds.feeds.clear()
    result = await ask("{ articles(first: 1) { edges { node { title feed { title } } } } }")
    assert result.errors is not None
    assert result.errors[0].message == str(NotFoundError("feed", "feed:1"))
    assert result.errors[0].path == ["articles", "edges", 0, "node", "feed"]
