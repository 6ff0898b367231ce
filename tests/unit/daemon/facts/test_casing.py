"""The built-in model tells names from words that only begin a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_daemon.facts.casing import LEAST_BITS, Casing
from selfd_daemon.facts.names import doubtful, read_names
from selfd_daemon.facts.service import FactService
from selfd_daemon.minds import MindService
from selfd_graphql import ServiceError
from selfd_storage import NewMemory, Store
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio


def test_words_that_only_begin_sentences_are_doubtful() -> None:
    assert doubtful("Kennedy grew roses. Roses need rain.") == ["Kennedy", "Roses"]
    assert doubtful("Roses need rain, and Kennedy's roses most. Kennedy grew them.") == ["Roses"]
    assert read_names("Kennedy grew roses. Roses need rain.") == []
    assert read_names("Kennedy grew roses. Roses need rain.", {"Kennedy"}.__contains__) == [
        "Kennedy"
    ]


async def test_the_shipped_model_knows_which_is_a_name(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        minds = MindService(store)
        casing = Casing(minds.surprise)
        try:
            assert await casing.saved("Kennedy") > 2 * LEAST_BITS
            assert await casing.saved("Roses") < LEAST_BITS / 2
            await store.memories.add(NewMemory("Kennedy grew roses. Roses need rain."))
            service = FactService(store, casing=casing)
            await service.catch_up()
        finally:
            await minds.close()
        assert [each.name for each in await store.graph.by_numbers([1, 2])] == ["Kennedy"]


async def test_each_word_is_asked_for_once() -> None:
    asked = []

    async def surprise(text: str) -> float:
        asked.append(text)
        return 1.0 if "maya" in text else 0.5

    casing = Casing(surprise)
    assert [await casing.is_name("Maya") for _ in range(3)] == [True, True, True]
    assert len(asked) == 6


async def test_without_a_model_the_rules_tell_alone() -> None:
    asked = 0

    async def surprise(text: str) -> float:
        nonlocal asked
        asked += 1
        raise ServiceError("UNAVAILABLE", "no weights")

    casing = Casing(surprise)
    assert [await casing.is_name(word) for word in ("Maya", "Tom")] == [False, False]
    assert asked == 1
