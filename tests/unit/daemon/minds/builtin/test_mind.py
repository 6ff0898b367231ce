"""The built-in mind behind its door."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import numpy as np
import pytest

from selfd_daemon.minds import Ended, Message, Priority, Request
from selfd_daemon.minds.builtin.mind import BuiltinMind
from selfd_daemon.minds.errors import MindLimitError
from selfd_models.embedding.embedder import Embedder
from support.minds import tiny_model, told

pytestmark = pytest.mark.anyio


@pytest.fixture
async def mind() -> AsyncIterator[BuiltinMind]:
    built = BuiltinMind(
        model=tiny_model, embedder=Embedder.load, monotonic=time.monotonic, draw=lambda: 7
    )
    yield built
    await built.close()


def _ask(text: str, **options: object) -> Request:
    return Request((Message("user", text),), **options)  # type: ignore[arg-type]


async def test_it_continues_and_follows_no_instructions(mind: BuiltinMind) -> None:
    limits = await mind.limits()
    assert not limits.chats
    assert limits.abilities == {"score", "embed", "next_byte"}


async def test_ten_together_say_what_each_says_alone(mind: BuiltinMind) -> None:
    asked = [_ask(f"Text {n}", max_bytes=60 + n, temperature=0.8, seed=n) for n in range(10)]
    together = await asyncio.gather(*(told(mind, request) for request in asked))
    for request, (text, ended) in zip(asked, together, strict=True):
        alone, _ = await told(mind, request)
        assert text == alone
        assert (ended.reason, ended.bytes) == ("length", request.max_bytes)


async def test_drafts_change_nothing_and_are_counted(mind: BuiltinMind) -> None:
    tiny_model().__dict__["drafts_pay"] = lambda temperature: True
    try:
        drafted, ended = await told(mind, _ask("Text", max_bytes=80, seed=1, speculative=True))
    finally:
        del tiny_model().__dict__["drafts_pay"]
    plain, other = await told(mind, _ask("Text", max_bytes=80, seed=1))
    assert drafted == plain
    assert ended.acceptance is not None
    assert other.acceptance is None


async def test_the_night_waits_while_a_person_is_answered(mind: BuiltinMind) -> None:
    night = asyncio.create_task(
        told(mind, _ask("Night", max_bytes=100_000, priority=Priority.NIGHT))
    )
    _, ended = await told(mind, _ask("Person", max_bytes=200))
    assert ended.bytes == 200
    assert not night.done()
    night.cancel()
    await asyncio.gather(night, return_exceptions=True)


async def test_leaving_frees_the_mind_at_once(mind: BuiltinMind) -> None:
    async with aclosing(mind.generate(_ask("Text", max_bytes=10_000_000))) as events:
        assert not isinstance(await anext(events), Ended)
    before = time.perf_counter()
    await mind.next_byte(b"a")
    assert time.perf_counter() - before < 1.0  # a tenth is the aim; the machine may be busy
    assert not mind._texts._seats


async def test_next_bytes_are_those_of_the_whole_text_however_it_is_read(
    mind: BuiltinMind,
) -> None:
    text = b"The river answered, and then it answered again."
    for length in (3, 4, 40, 12):
        chances = await mind.next_byte(text[:length])
        assert chances.sum() == pytest.approx(1.0, abs=1e-6)
        piece = np.frombuffer(text[: length + 1], np.uint8)
        np.testing.assert_allclose(chances, tiny_model().chances(piece)[-1], atol=1e-5)


async def test_a_score_after_another_text_is_what_it_adds(mind: BuiltinMind) -> None:
    whole, before = await mind.score("one two"), await mind.score("one ")
    after = await mind.score("two", after="one ")
    assert after.bytes == 3
    assert after.bits == pytest.approx(whole.bits - before.bits)


async def test_a_prompt_over_its_context_is_refused_and_the_next_one_is_fine(
    mind: BuiltinMind,
) -> None:
    with pytest.raises(MindLimitError, match="the built-in mind takes 1,048,576: ask with less"):
        await told(mind, _ask("x" * ((1 << 20) + 1)))
    assert (await told(mind, _ask("x", max_bytes=5)))[1].bytes == 5
