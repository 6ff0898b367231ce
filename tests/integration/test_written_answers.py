"""Questions answered by a model behind a real server, chosen as the default or by its id."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.minds import BUILTIN_MIND, MindService
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_storage import NewMemory, NotFoundError, Store
from support.talking import talking_server

pytestmark = pytest.mark.anyio
WHERE = Question("Where does Ada keep the spare key?")
KEY = "Ada keeps the spare key under the blue pot."
WORDS = ("Under the blue pot ", "Ada keeps the spare key. [1]", " The mayor", " sleeps in Berlin.")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    await opened.memories.add(NewMemory(KEY))
    yield opened
    await opened.close()


async def test_a_model_behind_a_server_writes_and_only_what_holds_is_shown(store: Store) -> None:
    minds = MindService(store)
    answering = AnsweringService(
        store, AnsweringSettings(), monotonic=time.monotonic, minds=minds, embed=minds.embed
    )
    try:
        async with talking_server(WORDS) as url:
            mind = await minds.add(name="talker", kind="HTTP", model=url, options={})
            quoted = await answering.ask(WHERE)
            named = await answering.ask(replace(WHERE, mind_id=mind.id))
            await minds.set_default(mind.id)
            default = await answering.ask(WHERE)
            builtin = await answering.ask(replace(WHERE, mind_id=BUILTIN_MIND.id))
    finally:
        await minds.close()
    assert (quoted.mind_id, quoted.text) == (BUILTIN_MIND.id, f"{KEY} [1]")
    assert (named.mind_id, named.text) == (
        mind.id, "Under the blue pot Ada keeps the spare key. [1]",
    )  # fmt: skip
    assert [each.quote for each in named.citations] == [KEY]
    assert not named.abstained
    assert (default.mind_id, default.text) == (named.mind_id, named.text)
    assert builtin.text == quoted.text


async def test_a_mind_that_was_removed_is_named_in_the_error(store: Store) -> None:
    minds = MindService(store)
    answering = AnsweringService(
        store, AnsweringSettings(), monotonic=time.monotonic, minds=minds, embed=minds.embed
    )
    try:
        async with talking_server(WORDS) as url:
            mind = await minds.add(name="talker", kind="HTTP", model=url, options={})
            await minds.remove(mind.id)
            with pytest.raises(NotFoundError, match=mind.id):
                await answering.ask(replace(WHERE, mind_id=mind.id))
    finally:
        await minds.close()
