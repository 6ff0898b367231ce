"""Minds that are added, chosen, asked, measured and removed, over a real store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.minds import MindError, MindService
from selfd_daemon.settings import MindSettings
from selfd_graphql.ports import Finished, Prompt, TextPiece
from selfd_storage import DuplicateError, NotFoundError, Store
from support.minds import tiny_model
from support.mlx_models import make_model
from support.talking import talking_server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def minds(store: Store) -> AsyncIterator[MindService]:
    service = MindService(
        store,
        MindSettings(),
        model=tiny_model,
        draw=lambda: 7,
        now=lambda: datetime(2026, 1, 1, tzinfo=UTC),
    )
    yield service
    await service.close()


async def _add(minds: MindService, **given: Any) -> str:
    options = {"name": "server", "kind": "HTTP", "model": "http://127.0.0.1:9", "options": {}}
    return (await minds.add(**(options | given))).id


async def test_a_mind_that_was_added_is_asked_and_may_become_the_default(
    minds: MindService,
) -> None:
    async with talking_server(["Under ", "the pot."]) as url:
        id = await _add(minds, model=url)
        assert [mind.id for mind in await minds.minds()] == ["mind:builtin", id]
        chosen = await minds.set_default(id)
        assert chosen.is_default
        assert [mind.id for mind in await minds.minds()] == [id, "mind:builtin"]
        events = [event async for event in minds.complete(Prompt("Where is the key?"))]
    assert "".join(e.text for e in events if isinstance(e, TextPiece)) == "Under the pot."
    assert isinstance(events[-1], Finished)


async def test_a_measured_speed_stays_with_the_mind(store: Store, minds: MindService) -> None:
    async with talking_server(["So many words. "] * 40) as url:
        id = await _add(minds, model=url)
        found = await minds.bench(id)
    assert found.bytes == 256
    assert 0.0 < found.first_byte_seconds <= found.seconds
    assert found.mind.bytes_per_second == found.bytes_per_second
    again = MindService(store, model=tiny_model)
    kept = await again.mind(id)
    assert kept is not None
    assert kept.bytes_per_second == found.bytes_per_second
    await again.close()


async def test_a_removed_mind_is_not_asked_but_still_known(minds: MindService) -> None:
    id = await _add(minds)
    await minds.set_default(id)
    assert await minds.remove(id)
    assert not await minds.remove(id)
    with pytest.raises(NotFoundError):
        await minds.open(id)
    gone = await minds.mind(id)
    assert gone is not None
    assert gone.name == "server"
    (left,) = await minds.minds()
    assert (left.id, left.is_default) == ("mind:builtin", True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": " "}, "a mind's name has 1 to 80 characters"),
        ({"name": "builtin"}, "is not 'builtin'"),
        ({"kind": "BUILTIN"}, "the built-in mind is there already"),
        ({"model": "no url"}, "is no URL of a server"),
        ({"options": {"modle": "x"}}, "has no option 'modle': did you mean 'model'"),
        ({"options": {"zzz": "x"}}, "has no option 'zzz': it takes at_once, attempts"),
        ({"options": {"attempts": "3"}}, "option attempts must be int, got '3'"),
        ({"options": {"attempts": 0}}, "attempts must be more than 0"),
        ({"options": {"protocol": "smtp"}}, "protocol must be openai or ollama"),
        ({"kind": "MLX", "options": {"kv_bits": 5}}, "kv_bits must be 4 or 8"),
        ({"kind": "ENSEMBLE", "model": "mind:builtin"}, "has two members or more"),
        ({"kind": "ENSEMBLE", "options": {"method": "ROW"}}, "method must be one of VOTE"),
    ],
)
async def test_what_cannot_be_a_mind_is_refused_with_the_reason(
    minds: MindService, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(MindError, match=message) as caught:
        await _add(minds, **given)
    assert caught.value.code == "INVALID_INPUT"
    assert len(await minds.minds()) == 1


@pytest.mark.mlx
async def test_a_model_that_is_missing_is_refused_when_it_is_added(minds: MindService) -> None:
    pytest.importorskip("mlx_lm", reason="needs mlx-lm")
    with pytest.raises(MindError, match="there is no folder '/nowhere'") as caught:
        await _add(minds, kind="MLX", model="/nowhere")
    assert caught.value.code == "MODEL_MISSING"


@pytest.mark.mlx
async def test_a_folder_is_loaded_measured_and_unloaded(minds: MindService, tmp_path: Path) -> None:
    pytest.importorskip("mlx_lm", reason="needs mlx-lm")
    folder = await asyncio.to_thread(make_model, tmp_path / "tiny")
    id = await _add(minds, name="tiny", kind="MLX", model=str(folder))
    loaded = await minds.load(id)
    assert loaded.loaded
    assert loaded.parameters
    assert (await minds.bench(id)).bytes > 0
    unloaded = await minds.unload(id)
    assert not unloaded.loaded
    assert unloaded.parameters == loaded.parameters


async def test_a_name_is_given_once(minds: MindService) -> None:
    await _add(minds)
    with pytest.raises(DuplicateError, match="there is a mind named 'server' already"):
        await _add(minds)


async def test_a_member_of_an_ensemble_is_not_pulled_from_under_it(minds: MindService) -> None:
    one = await _add(minds)
    both = await _add(minds, name="both", kind="ENSEMBLE", model=f"{one}, mind:builtin")
    with pytest.raises(MindError, match="asked by the ensemble 'both': remove mind:2 first"):
        await minds.remove(one)
    with pytest.raises(MindError, match="is an ensemble itself"):
        await _add(minds, name="more", kind="ENSEMBLE", model=f"{both},{one}")
    with pytest.raises(NotFoundError):
        await _add(minds, name="more", kind="ENSEMBLE", model="mind:9,mind:builtin")
    assert await minds.remove(both)
    assert await minds.remove(one)


async def test_the_built_in_mind_stays(minds: MindService) -> None:
    with pytest.raises(MindError, match="is part of selfd and stays"):
        await minds.remove("mind:builtin")
    with pytest.raises(NotFoundError):
        await minds.set_default("mind:7")


async def test_recommendations_end_with_what_ships(minds: MindService) -> None:
    found = await minds.recommended()
    assert found[-1].model == "builtin"
    assert all(each.reason for each in found)
