"""A fine-tune from memories to a promoted generation, with a tiny model and a true process."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import subprocess
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.jobs import JobRunner
from selfd_daemon.minds import Delta, Ended, Limits, Made, Request
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.nights.training.distil import Lessons
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.training.finetune import Course, FineTuner
from selfd_graphql.ports import MindInfo
from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import load, save
from selfd_models.config import TINY
from selfd_models.parameters import initialise
from selfd_models.patcher import calibrate, count
from selfd_storage import JobRecord, NewMemory, Store
from support.hybrid import invent
from support.nights import LENIENT

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("mlx") is None and importlib.util.find_spec("jax") is None,
        reason="needs MLX or JAX to train with",
    ),
]

BACKEND = "mlx" if importlib.util.find_spec("mlx") else "jax"
START = datetime(2026, 1, 1, tzinfo=UTC)


async def unhindered(*, by_day: bool) -> str | None:
    return None


@dataclass
class Rig:
    """A store with a week of memories, and what learns from them."""

    store: Store
    jobs: JobRunner
    lineage: Lineage
    tuner: FineTuner
    folder: Path

    async def tune(self) -> JobRecord:
        started = await self.jobs.start("FINETUNE", {})
        return [record async for record in self.jobs.progress(started.id)][-1]


class Teacher:
    """A mind that goes on in its own words."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def limits(self) -> Limits:
        return Limits(8192, frozenset({"chat"}))

    async def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        self.asked.append(request.text)
        words = invent(6000, seed=len(self.asked)).tobytes().decode()
        yield Delta(words)
        yield Ended("length", len(words), 0.1, 0.1)


class Teachers:
    """Implements `distil.Minds`."""

    def __init__(self) -> None:
        self.teacher = Teacher()
        self.there = True

    async def minds(self) -> list[MindInfo]:
        large = MindInfo("mind:1", "large", "HTTP", "m", True, True, None, None)
        return [large] if self.there else []

    async def open(self, id: str | None = None) -> Any:
        assert id == "mind:1"
        return self.teacher


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = invent(100_000, seed=1)
    patcher = calibrate(count(text), [text[:20_000]])
    path = tmp_path_factory.mktemp("shipped") / "tiny.safetensors"
    save(path, initialise(TINY, seed=3), patcher, TINY, {"steps": 0})
    return path


@pytest.fixture
async def rig(tmp_path: Path, shipped: Path, anyio_backend: str) -> AsyncIterator[Rig]:
    async with await Store.open(tmp_path) as store:
        await remember(store, range(8))
        jobs = JobRunner(store, now=utc, monotonic=time.monotonic)
        lineage = Lineage(store, tmp_path / "checkpoints", shipped)
        await lineage.begin()
        tuner = FineTuner(
            store,
            lineage,
            Activity(time.monotonic),
            tmp_path / "training",
            course=Course(steps=12, texts=1, rows=256, heat=1.0, limits=LENIENT, niceness=0),
            articles=False,
            obstacle=unhindered,
            meter=Meter(),
            now=utc,
            backend=lambda: BACKEND,
        )
        jobs.register("FINETUNE", tuner.run_job)
        jobs.register("EVALUATE", tuner.evaluate)
        teachers = Teachers()
        distiller = FineTuner(
            store,
            lineage,
            Activity(time.monotonic),
            tmp_path / "training",
            course=Course(steps=12, texts=1, rows=256, heat=1.0, limits=LENIENT, niceness=0),
            articles=False,
            obstacle=unhindered,
            meter=Meter(),
            now=utc,
            backend=lambda: BACKEND,
            source=Lessons(store, teachers),
            origin="DISTILL",
        )
        jobs.register("DISTILL", distiller.run_job)
        yield Rig(store, jobs, lineage, tuner, tmp_path)
        await jobs.stop()


def utc() -> datetime:
    return datetime.now(UTC)


async def remember(store: Store, days: range) -> None:
    for day in days:
        lines = invent(4000, seed=100 + day).tobytes().decode().split(". ")
        at = START + timedelta(days=day)
        await store.memories.add_many(
            [NewMemory(line, "NOTE", (), "diary", at) for line in lines if line.strip()]
        )


async def test_memories_become_a_generation_that_serves(rig: Rig) -> None:
    ended = await rig.tune()
    assert (ended.state, ended.error) == ("SUCCEEDED", None)
    root, child = await rig.lineage.all()
    assert (child.active, child.parent, child.origin) == (True, root.id, "FINETUNE")
    assert child.after is not None
    assert child.before is not None
    assert child.after < child.before
    provenance = load(rig.lineage.serving).provenance
    assert provenance["tuned_steps"] == 12
    assert provenance["parent"] == root.hash[:16]
    assert BuiltinModel.load(rig.lineage.serving).fingerprint == child.hash[:16]
    assert list((rig.folder / "training").glob("job-*")) == [], "no text is left behind"
    evaluated = await rig.jobs.start("EVALUATE", {})
    told = [record async for record in rig.jobs.progress(evaluated.id)][-1]
    assert told.metrics["shipped"]["after"] == pytest.approx(child.figures["old"]["after"])


async def test_a_second_night_learns_only_what_is_new(rig: Rig) -> None:
    await rig.tune()
    again = await rig.tune()
    assert again.state == "SUCCEEDED"
    assert again.message.startswith("nothing to do: there are 0.0 kB of new text")
    await remember(rig.store, range(10, 18))
    third = await rig.tune()
    assert third.state == "SUCCEEDED"
    assert len(await rig.lineage.all()) == 3


async def test_forgetting_in_the_middle_begins_the_run_anew_without_it(rig: Rig) -> None:
    started = await rig.jobs.start("FINETUNE", {})
    gone = ""
    async for record in rig.jobs.progress(started.id):
        if not gone and record.message.startswith("step"):
            plan = next((rig.folder / "training").glob("job-*/plan.json")).read_text()
            ids = [each.id for each in (await rig.store.memories.page(first=100)).items]
            gone = next(id for id in ids if f'"{id}"' in plan)
            await rig.store.memories.forget(gone)
            rig.tuner.forget([gone])
        last = record
    assert last.state == "SUCCEEDED"
    assert gone
    assert await rig.store.checkpoints.trained_on([gone]) == set()


@pytest.mark.parametrize("size", ["600k", "3m"], ids=["no-room-for-text", "no-room-for-states"])
async def test_a_full_disk_fails_the_run_in_words_and_the_next_one_goes_well(
    rig: Rig, size: str
) -> None:
    training = rig.folder / "training"
    training.mkdir()
    with small_disk(training, size):
        ended = await rig.tune()
        assert ended.state == "FAILED"
        assert "no space left on device" in (ended.error or "").lower()
        assert list(training.glob("job-*")) == [], "the disk is given back"
        (root,) = await rig.lineage.all()
        assert root.active
        assert BuiltinModel.load(rig.lineage.serving).fingerprint == root.hash[:16]
        await remember(rig.store, range(20, 21))
    assert (await rig.tune()).state == "SUCCEEDED"


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here: it takes root on Linux")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_stop_in_the_middle_goes_on_from_where_it_was(rig: Rig) -> None:
    started = await rig.jobs.start("FINETUNE", {})
    async for record in rig.jobs.progress(started.id):
        if record.message.startswith("step 3"):
            break
    await rig.jobs.stop()
    folder = next((rig.folder / "training").glob("job-*"))
    kept = sorted(path.name for path in folder.glob("state-*"))
    assert kept[-1] >= "state-00000003.safetensors"
    again = JobRunner(rig.store, now=utc, monotonic=time.monotonic)
    again.register("FINETUNE", rig.tuner.run_job)
    await again.resume()
    async with asyncio.timeout(120):
        last = [record async for record in again.progress(started.id)][-1]
    await again.stop()
    assert last.state == "SUCCEEDED"
    assert len(await rig.lineage.all()) == 2


async def test_a_larger_mind_teaches_and_its_lessons_are_unlearned_with_what_they_began_from(
    rig: Rig,
) -> None:
    started = await rig.jobs.start("DISTILL", {})
    ended = [record async for record in rig.jobs.progress(started.id)][-1]
    assert (ended.state, ended.error) == ("SUCCEEDED", None)
    taught = (await rig.lineage.all())[-1]
    assert (taught.origin, taught.active) == ("DISTILL", True)
    learned = [
        each.id
        for each in (await rig.store.memories.page(first=500)).items
        if await rig.store.checkpoints.trained_on([each.id])
    ]
    assert learned
    assert await rig.lineage.forget(learned[:1]) is not None
    own = await rig.tune()
    assert own.state == "SUCCEEDED", "what was taught does not count as read"
