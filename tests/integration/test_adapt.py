"""An mlx-lm mind learns from feedback: an adapter that is better on pairs it never saw."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.jobs import JobRunner
from selfd_daemon.minds import MindService
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.training.adapt import MindAdapter, feedback_pairs
from selfd_daemon.nights.training.energy import Meter
from selfd_graphql.errors import ServiceError
from selfd_storage import JobRecord, NewAnswer, NewMind, Store
from support.mlx_models import make_model

pytest.importorskip("mlx_lm", reason="needs mlx-lm")

pytestmark = [pytest.mark.anyio, pytest.mark.mlx]

PLACES = ("pot", "sofa", "door", "river", "cat", "key", "bed", "table", "garden", "window", "shelf")


async def unhindered(*, by_day: bool) -> str | None:
    return None


def utc() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def adapters(store: Store, tmp_path: Path) -> Adapters:
    return Adapters(store, tmp_path / "adapters")


@pytest.fixture
async def jobs(store: Store, tmp_path: Path, adapters: Adapters) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=utc, monotonic=time.monotonic)
    adapter = MindAdapter(
        store,
        Activity(time.monotonic),
        tmp_path / "training",
        adapters,
        obstacle=unhindered,
        meter=Meter(),
        niceness=0,
    )
    runner.register("LORA", adapter.run_job)
    yield runner
    await runner.stop()


@pytest.fixture
async def store(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path) as opened:
        yield opened


async def corrected(store: Store, times: int) -> None:
    """Ask, get nonsense, and say what would have been right."""
    for number in range(times):
        place = PLACES[number % len(PLACES)]
        question = f"Where is the {place}, number {number}?"
        nonsense = NewAnswer(question, f"Rain all day {number}.", 0.9, False, (), "m", "t", 0.1)
        answer = await store.conversations.record_turn(None, nonsense)
        right = f"The {place} lies under the blue flowerpot by the door."
        await store.conversations.add_feedback(answer.id, rating=-1, correction=right)


async def adapted(jobs: JobRunner, **options: object) -> JobRecord:
    started = await jobs.start("LORA", options)
    return [record async for record in jobs.progress(started.id)][-1]


async def said(minds: MindService) -> float:
    """Return how well the mind predicts what it was taught to say."""
    mind = await minds.open("mind:1")
    return (await mind.score("The cat lies under the blue flowerpot by the door.")).bits


async def test_corrections_become_an_adapter_that_is_on_until_it_is_rolled_back(
    store: Store, jobs: JobRunner, adapters: Adapters, tmp_path: Path
) -> None:
    model = make_model(tmp_path / "model")
    files = sorted((path.name, path.read_bytes()) for path in model.iterdir())
    await store.minds.add(NewMind("tiny", "MLX", str(model), {}))
    minds = MindService(store, adapter=adapters.serving)
    adapters.serves_through(minds.use_adapter)
    try:
        before = await said(minds)
        await corrected(store, 20)
        ended = await adapted(jobs, rate=3e-4)
        assert (ended.state, ended.error) == ("SUCCEEDED", None)
        assert ended.metrics["promoted"], ended.metrics["reason"]
        assert ended.metrics["new"]["high"] < 0.0, "surely better on pairs that were held out"
        assert ended.metrics["preference"]["after"] >= ended.metrics["preference"]["before"]
        for name in ("old", "states", "own text"):  # as the gate of the built-in model asks
            assert name in ended.metrics["reason"]
            assert ended.metrics[name]["low"] <= ended.metrics[name]["high"]
        assert sorted((path.name, path.read_bytes()) for path in model.iterdir()) == files
        assert list((tmp_path / "training").glob("*")) == []

        root, adapter = await store.checkpoints.all("mind:1")
        assert (adapter.active, adapter.parent, adapter.origin) == (True, root.id, "LORA")
        taught = await said(minds)
        assert taught < 0.9 * before, "it is on without anybody's doing"

        ended = await adapted(jobs, rate=3e-4)
        assert ended.message == "nothing to do: there is no feedback that it has not learned from"

        await adapters.rollback(root)
        assert await said(minds) == before
        await adapters.rollback(adapter)
        assert await said(minds) == taught
        again = MindService(store, adapter=adapters.serving)
        assert await said(again) == taught, "it is on after a restart, too"
        await again.close()

        await adapters.forget(await store.checkpoints.learned_from(adapter.id))
        assert await said(minds) == before
        assert list((tmp_path / "adapters").iterdir()) == []
    finally:
        await minds.close()


async def test_an_adapter_that_learned_nothing_is_never_on(
    store: Store, jobs: JobRunner, adapters: Adapters, tmp_path: Path
) -> None:
    model = make_model(tmp_path / "model")
    await store.minds.add(NewMind("tiny", "MLX", str(model), {}))
    await corrected(store, 20)
    ended = await adapted(jobs, rate=1e-12)
    assert (ended.state, ended.metrics["promoted"]) == ("SUCCEEDED", False)
    assert "not surely better on new text" in ended.metrics["reason"]
    assert await adapters.serving("mind:1") is None
    _, rejected = await store.checkpoints.all("mind:1")
    assert (rejected.active, rejected.promoted, rejected.file) == (False, False, None)
    with pytest.raises(ServiceError, match="was rejected"):
        await adapters.rollback(rejected)


async def test_an_adapter_that_costs_other_abilities_is_rejected_with_figures(
    store: Store, jobs: JobRunner, adapters: Adapters, tmp_path: Path
) -> None:
    model = make_model(tmp_path / "model")
    await store.minds.add(NewMind("tiny", "MLX", str(model), {}))
    await corrected(store, 20)
    ended = await adapted(jobs, rate=3e-3)  # too hot: all texts look alike to it
    assert ended.state == "SUCCEEDED"
    assert ended.metrics["new"]["high"] < 0.0, "it is better on what it was taught"
    assert not ended.metrics["promoted"], ended.metrics["reason"]
    assert "states may be worse by more than 0.05" in ended.metrics["reason"]
    assert await adapters.serving("mind:1") is None


async def test_too_few_corrections_or_no_such_mind_is_said_so(
    store: Store, jobs: JobRunner, tmp_path: Path
) -> None:
    ended = await adapted(jobs)
    assert ended.message == (
        "nothing to do: there is no mlx-lm mind to adapt: selfd models add makes one"
    )
    await store.minds.add(NewMind("tiny", "MLX", str(tmp_path), {}))
    await corrected(store, 3)
    ended = await adapted(jobs)
    assert ended.message == "nothing to do: there are 3 corrected or liked answers: it takes 10"


async def test_the_last_word_on_an_answer_counts(store: Store) -> None:
    liked = NewAnswer("Who?", "Ada.", 0.9, False, (), "m", "t", 0.1)
    answer = await store.conversations.record_turn(None, liked)
    await store.conversations.add_feedback(answer.id, rating=-1)
    assert list(await feedback_pairs(store)) == []
    await store.conversations.add_feedback(answer.id, rating=1)
    (pair,) = await feedback_pairs(store)
    assert (pair.prompt, pair.chosen, pair.rejected) == ("Who?", "Ada.", None)
