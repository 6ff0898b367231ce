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
    verified = await store.track_record.verified()
    assert {each.answer_id for each in verified} == {named.id, default.id}, "quotes are not checked"
    assert {each.outcome for each in verified} == {named.signals["made.kept"]}
    assert await store.track_record.predictions() == [], "the owner has said nothing yet"
    assert (await answering.refit()).answers == 0, "a check does not teach what it had a part in"


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


WRITTEN = "The spare key lies under the blue flowerpot."
UNLIKE = (
    "Who painted", "Who broke", "Who bought", "Who cleaned", "Who sold", "Who hid", "Who found",
    "Who watered", "Who stole", "Who moved", "Who lost", "Who filled",
)  # fmt: skip


@pytest.mark.mlx
async def test_feedback_on_what_a_tiny_mind_wrote_teaches_how_sure_it_may_be(
    store: Store, tmp_path: Path
) -> None:
    """It says the same whatever it is asked: backed by a source, and mostly no answer."""
    pytest.importorskip("mlx_lm", reason="needs mlx-lm")
    from support.mlx_models import make_saying

    await store.memories.add(NewMemory(WRITTEN))
    minds = MindService(store)
    answering = AnsweringService(
        store, AnsweringSettings(cache_hours=0), monotonic=time.monotonic, minds=minds
    )
    where = Question("Where does the spare key lie, under the blue flowerpot?")
    try:
        model = str(make_saying(tmp_path / "tiny", f"{WRITTEN} [1]"))
        mind = await minds.add(name="tiny", kind="MLX", model=model, options={})
        await minds.set_default(mind.id)
        before = await answering.ask(where)
        for place, unlike in enumerate(UNLIKE * 2):
            given = await answering.ask(Question(f"{unlike} the blue flowerpot of the key?"))
            assert "made.bias" in given.signals, given.text
            right = 1 if place % 6 == 0 else -1
            await answering.give_feedback(given.id, rating=right, correction=None)
        found = await answering.refit()
        after = await answering.ask(where)
    finally:
        await minds.close()
    assert (before.text, before.mind_id) == (f"{WRITTEN} [1]", mind.id)
    assert found.accepted
    assert found.after < found.before
    assert after.confidence < before.confidence - 0.2
    assert abs(after.confidence - 4 / 24) < 0.3, "four of 24 were right"
    assert after.abstained
