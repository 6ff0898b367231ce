"""A simulated week: seven days of an owner's words, seven nights with real training at nano size.

The clock is injected, everything else is real: memories in a store, the keeper of the night, the
training in its own process, the gate, the lineage. Each day brings one of LoCoMo's conversations
(CC BY-NC 4.0, measurements only) and a document of the training text. On two days somebody has
poisoned what is remembered: the letters of each text are shuffled, or its words. Every fifth
session of each conversation is never remembered: on those, and on the fixed old text, the week is
judged from outside.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.row import Row
from selfd_daemon.cli.terminal.plots import picture
from selfd_daemon.jobs import JobRunner
from selfd_daemon.nights.activity import Activity
from selfd_daemon.nights.conditions import Conditions
from selfd_daemon.nights.generations.gate import LOST
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.nights.keeper import NightKeeper
from selfd_daemon.nights.steps import Step
from selfd_daemon.nights.training.energy import Meter
from selfd_daemon.nights.training.finetune import Course, FineTuner
from selfd_daemon.nights.window import Window
from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import SHIPPED
from selfd_models.training.data.replay import read_sample
from selfd_models.training.evaluation.comparison import cut, measure
from selfd_storage import CheckpointRecord, NewMemory, RoomLimits, Store
from support.nights import Clock, ToldHost

DAYS = 7
POISONED = {2: "letters", 5: "words"}  # days, counted from 0, and what is shuffled on each
EVENING = datetime(2026, 1, 5, 20, tzinfo=UTC)
PICTURE = Path(__file__).parents[2] / "bench-results" / "week.png"
STEPS = int(os.environ.get("SELFD_BENCH_STEPS", "40"))
HELD_SESSION = 5  # every fifth session is never remembered
MOST_HELD = 6  # pieces of 4 kB
_STEP = (Step("fine-tune", "FINETUNE", "Teach the built-in model."),)


@dataclass(frozen=True)
class Night:
    """What one night did, and the bits per byte of what serves afterwards."""

    record: CheckpointRecord
    new: float
    old: float
    seconds: float


def rows(data: Path | None) -> Sequence[Row]:
    """Live through the week, where there are texts for it and something to train with."""
    if data is None or not any(map(importlib.util.find_spec, ("jax", "mlx"))):
        return []
    with tempfile.TemporaryDirectory() as folder:
        before, nights = asyncio.run(_week(data, Path(folder)))
    _tell(before, nights)
    _draw(before, nights)
    new, old = before
    good = [night for at, night in enumerate(nights) if at not in POISONED]
    promoted = sum(night.record.promoted for night in good)
    poisoned = [nights[at].record for at in POISONED]
    note = f"{DAYS} nights, {promoted} good ones promoted, at most {STEPS} steps each"
    return [
        Row("week: new topic, change", nights[-1].new - new, "bits/byte", -0.05, "lower", note),
        Row("week: old text, change", nights[-1].old - old, "bits/byte", 0.01, "lower", note),
        Row(
            "week: poisoned candidates promoted",
            float(sum(each.promoted for each in poisoned)),
            f"of {len(POISONED)}",
            0,
            "lower",
            "; ".join(each.reason for each in poisoned),
        ),
        Row("week: good candidates promoted", float(promoted), "", 1, "higher", f"of {len(good)}"),
        Row("week: a night", float(np.mean([each.seconds for each in nights])), "s", None, "lower"),
    ]


def _tell(before: tuple[float, float], nights: Sequence[Night]) -> None:
    lines: list[dict[str, Any]] = [{"night": 0, "new": before[0], "old": before[1]}]
    for number, night in enumerate(nights, start=1):
        figures = night.record.figures
        told = {
            name: [round(figures[name][each], 4) for each in ("before", "after", "low", "high")]
            for name in ("new", "old", *LOST)
        }
        lines.append(
            {
                "night": number,
                "promoted": night.record.promoted,
                "new": round(night.new, 4),
                "old": round(night.old, 4),
                "gate": told,
                "order": figures["order"],
                "seconds": round(night.seconds),
            }
        )
    for line in lines:
        print(json.dumps(line), file=sys.stderr, flush=True)


def _draw(before: tuple[float, float], nights: Sequence[Night]) -> None:
    """Draw the week into bench-results/, where matplotlib is installed."""
    if importlib.util.find_spec("matplotlib") is None:
        return
    PICTURE.parent.mkdir(exist_ok=True)
    lines = {
        "new topic, never remembered": [before[0], *(night.new for night in nights)],
        "fixed old text": [before[1], *(night.old for night in nights)],
    }
    values = [value for line in lines.values() for value in line]
    x = list(range(len(nights) + 1))
    days = ", ".join(f"day {at + 1}: shuffled {what}" for at, what in POISONED.items())
    title = f"Bits per byte of what serves; {days}"
    picture(PICTURE, title, x, lines, low=min(values) - 0.03, high=max(values) + 0.03)


async def _week(data: Path, folder: Path) -> tuple[tuple[float, float], list[Night]]:
    conversations = read_sample(data / "memory" / "locomo_conversations.jsonl.zst")[:DAYS]
    documents = read_sample(data / "text" / "en_train_tech.jsonl.zst")[:DAYS]
    days = [_sessions(each) for each in conversations]
    held = cut(["\n\n".join(day[HELD_SESSION - 1] for day in days)])[:MOST_HELD]
    clock, nights, old = Clock(EVENING), [], 0.0
    async with _rig(folder, clock) as (store, lineage, keeper):
        new = first = await _outside(lineage, held)
        for number, sessions in enumerate(days):
            told = [text for at, text in enumerate(sessions) if (at + 1) % HELD_SESSION]
            await _remember(store, number, told, documents[number]["text"][:8000])
            clock.move(hours=6)
            start = time.monotonic()
            await keeper.look()
            seconds = time.monotonic() - start
            record = (await lineage.all())[-1]
            figures = record.figures["old"]
            if record.promoted:
                new = await _outside(lineage, held)
            old = figures["after"] if record.promoted else old or figures["before"]
            nights.append(Night(record, new, old, seconds))
            print(f"night {number + 1}: {record.reason}", file=sys.stderr, flush=True)
            clock.move(hours=18)
    return (first, nights[0].record.figures["old"]["before"]), nights


def _sessions(conversation: dict[str, Any]) -> list[str]:
    return [
        "\n".join(f"{turn['who']}: {turn['text']}" for turn in session["turns"])
        for session in conversation["sessions"]
    ]


async def _remember(store: Store, number: int, sessions: Sequence[str], document: str) -> None:
    """Remember a day: each session at its hour, and something that was read."""
    rng = np.random.default_rng(number)
    at = EVENING + timedelta(days=number)
    texts = [(document, "reading"), *((text, "chat") for text in sessions)]
    news = []
    for hour, (text, source) in enumerate(texts):
        words = _shuffled(text, rng, POISONED.get(number))
        moment = at - timedelta(days=len(texts) - hour)  # each a day of its own
        news.append(NewMemory(words, "EPISODE", (), f"{source} {number}.{hour}", moment))
    await store.memories.add_many(news)


def _shuffled(text: str, rng: np.random.Generator, what: str | None) -> str:
    if what == "letters":
        return "".join(rng.permutation(list(text)))
    return " ".join(rng.permutation(text.split())) if what == "words" else text


async def _outside(lineage: Lineage, held: Sequence[bytes]) -> float:
    """Return the bits per byte that what serves needs for text that was never remembered."""
    model = BuiltinModel.load(lineage.serving)
    bits = await asyncio.to_thread(measure, model, held)
    return sum(bits) / sum(map(len, held))


@asynccontextmanager
async def _rig(folder: Path, clock: Clock) -> AsyncIterator[tuple[Store, Lineage, NightKeeper]]:
    async with await Store.open(folder, now=clock, limits=RoomLimits(floor=0)) as store:
        jobs = JobRunner(store, now=clock, monotonic=time.monotonic)
        lineage = Lineage(store, folder / "checkpoints", SHIPPED)
        await lineage.begin()
        activity, meter = Activity(time.monotonic), Meter()
        keeper = NightKeeper(
            store,
            jobs,
            ToldHost(),
            activity,
            meter,
            window=Window.parse("01:00-06:00"),
            conditions=Conditions(600.0, 0),
            max_watt_hours=1000.0,
            now=clock,
            local=lambda moment: moment,
            steps=_STEP,
        )
        tuner = FineTuner(
            store,
            lineage,
            activity,
            folder / "training",
            course=Course(steps=STEPS, niceness=0),
            articles=False,
            obstacle=keeper.obstacle,
            meter=meter,
            now=clock,
        )
        jobs.register("FINETUNE", tuner.run_job)
        yield store, lineage, keeper
        await jobs.stop()
