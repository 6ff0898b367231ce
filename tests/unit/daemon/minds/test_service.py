"""The built-in mind with a model, and without one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selfd_daemon.minds import BUILTIN_MIND, MindService
from selfd_daemon.minds.errors import MindLimitError, MindUnavailableError
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import Finished, Prompt, TextPiece
from selfd_models.builtin import BuiltinModel
from selfd_models.config import TINY
from selfd_models.parameters import count
from selfd_storage import NotFoundError, Store
from support.minds import tiny_model

pytestmark = pytest.mark.anyio


def _missing() -> BuiltinModel:
    return BuiltinModel.load(Path("/nowhere/nano.safetensors"))


@pytest.fixture
async def minds(store: Store) -> AsyncIterator[MindService]:
    service = MindService(store, model=tiny_model, draw=lambda: 7)
    yield service
    await service.close()


async def _text(minds: MindService, prompt: Prompt) -> tuple[str, Finished]:
    events = [event async for event in minds.complete(prompt)]
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, TextPiece)), events[-1]


async def test_nothing_is_loaded_before_it_is_needed(store: Store) -> None:
    loaded: list[bool] = []

    def load() -> BuiltinModel:
        loaded.append(True)
        return tiny_model()

    minds = MindService(store, model=load)
    assert await minds.minds() == [BUILTIN_MIND]
    assert not loaded
    await asyncio.gather(*(minds.patches("a text") for _ in range(5)))
    assert loaded == [True]
    await minds.close()


async def test_the_mind_tells_its_size_and_its_measured_speed(minds: MindService) -> None:
    await _text(minds, Prompt("The river", max_bytes=40))
    (mind,) = await minds.minds()
    assert mind.parameters == count(TINY)
    assert mind.bytes_per_second is not None
    assert mind.bytes_per_second > 0.0
    assert await minds.mind("mind:builtin") == mind
    assert await minds.mind("mind:other") is None


async def test_a_text_is_scored_and_cut(minds: MindService) -> None:
    score = await minds.score("The river answered. ")
    assert score.bytes == 20
    assert score.bits == pytest.approx(tiny_model().score("The river answered. ").bits)
    assert score.bits_per_byte == pytest.approx(score.bits / 20)
    assert "".join(await minds.patches("The river answered. ")) == "The river answered. "
    assert (await minds.score("")).bits_per_byte == 0.0


@pytest.mark.parametrize("what", ["score", "cut", "embed"])
async def test_a_text_that_would_take_minutes_is_refused_with_the_limit(
    minds: MindService, what: str
) -> None:
    ask: dict[str, Callable[[str], Awaitable[object]]] = {
        "score": minds.score,
        "cut": minds.patches,
        "embed": lambda text: minds.embed(["short", text]),
    }
    with pytest.raises(MindLimitError, match=f"takes 1,048,576: {what} it in parts"):
        await ask[what]("x" * ((1 << 20) + 1))
    assert (await minds.mind("mind:builtin")) == BUILTIN_MIND  # nothing was loaded for it


async def test_weights_without_a_head_for_sentences_say_so(minds: MindService) -> None:
    with pytest.raises(MindUnavailableError, match="not to 0: embed by words"):
        await minds.embed(["a"], by="LATENT")
    assert len((await minds.embed(["a"]))[0]) == 256


async def test_the_shipped_weights_embed_by_what_they_hold_of_a_text(store: Store) -> None:
    shipped = MindService(store)
    [by_latent] = await shipped.embed(["The river answered."], by="LATENT")
    [by_words] = await shipped.embed(["The river answered."])
    assert len(by_latent) == len(by_words) == 256
    assert np.linalg.norm(by_latent) == pytest.approx(1, abs=1e-5)
    await shipped.close()


async def test_many_texts_are_embedded_as_they_are_one_by_one(minds: MindService) -> None:
    texts = [f"note {n}" for n in range(70)] + ["a long note " * 6000, "b"]
    together = await minds.embed(texts)
    assert list(together) == [(await minds.embed([text]))[0] for text in texts]


async def test_a_continuation_ends_with_its_figures(minds: MindService) -> None:
    prompt = Prompt("The river", max_bytes=40, temperature=0.9, seed=5, speculative=False)
    text, finished = await _text(minds, prompt)
    expected = b"".join(tiny_model().complete("The river", max_bytes=40, temperature=0.9, seed=5))
    assert text == expected.decode(errors="replace")
    assert finished.acceptance is None
    assert finished.answer is None
    assert finished.bytes_per_second > 0.0


async def test_without_a_seed_chance_decides(minds: MindService) -> None:
    drawn, _ = await _text(minds, Prompt("The", max_bytes=30, temperature=1.0))
    named, _ = await _text(minds, Prompt("The", max_bytes=30, temperature=1.0, seed=7))
    assert drawn == named


async def test_a_continuation_that_is_left_stops_the_model(minds: MindService) -> None:
    """The thread is free again long before 10,000,000 bytes are made."""
    async with aclosing(minds.complete(Prompt("The", max_bytes=10_000_000))) as events:
        assert isinstance(await anext(events), TextPiece)
    assert (await asyncio.wait_for(minds.score("a"), 5)).bytes == 1


async def test_many_continuations_take_turns(minds: MindService) -> None:
    async with aclosing(minds.complete(Prompt("The", max_bytes=10_000_000))) as long:
        await anext(long)
        short = asyncio.create_task(_text(minds, Prompt("A", max_bytes=20)))
        while not short.done():
            await anext(long)
        assert (await short)[0]


async def test_the_event_loop_never_works_for_the_model(store: Store) -> None:
    seen: list[str] = []

    class Watched(BuiltinModel):
        def patches(self, text: str) -> list[str]:
            seen.append(threading.current_thread().name)
            return [text]

    model = tiny_model()
    watched: Any = Watched.__new__(Watched)
    watched.__dict__.update(model.__dict__)
    service = MindService(store, model=lambda: watched)
    await service.patches("a")
    await service.close()
    assert seen[0].startswith("selfd-mind")


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (Prompt("a", max_bytes=0), "maxBytes must be at least 1, got 0"),
        (Prompt("a", temperature=-1.0), "temperature must be 0 to 10, got -1.0"),
    ],
)
async def test_a_prompt_out_of_range_is_refused(
    minds: MindService, prompt: Prompt, message: str
) -> None:
    with pytest.raises(ServiceError, match=message) as caught:
        await anext(minds.complete(prompt))
    assert caught.value.code == "INVALID_INPUT"


async def test_an_unknown_mind_cannot_continue(minds: MindService) -> None:
    with pytest.raises(NotFoundError):
        await anext(minds.complete(Prompt("a", mind_id="mind:other")))


async def test_without_weights_each_use_says_what_cannot_be_done(store: Store) -> None:
    minds = MindService(store, model=_missing)
    with pytest.raises(ServiceError, match="cannot be scored: no checkpoint at") as caught:
        await minds.score("a")
    assert caught.value.code == "MODEL_UNAVAILABLE"
    with pytest.raises(ServiceError, match="cannot be cut into patches"):
        await minds.patches("a")
    with pytest.raises(ServiceError, match="cannot be continued"):
        await anext(minds.complete(Prompt("a")))
    await minds.close()
