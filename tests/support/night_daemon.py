"""A whole daemon with a tiny model, which begins its night at once: for tests that kill it.

    python -m support.night_daemon DATA_FOLDER TINY_WEIGHTS

Every quarter of a second it prints one line of JSON: which generation serves, what the model says
of a text, the worker's process, and how far the night is. It ends when the night has ended.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
from pathlib import Path

from selfd_daemon.nights.steps import Step
from selfd_daemon.nights.training.finetune import Course
from selfd_daemon.settings import Settings
from selfd_daemon.wiring import Daemon, Rails, running
from selfd_models.checkpoint import save
from selfd_models.config import TINY
from selfd_models.parameters import initialise
from selfd_models.patcher import calibrate, count
from selfd_storage import NewMemory
from support.hybrid import invent
from support.nights import LENIENT, ToldHost

BACKEND = "mlx" if importlib.util.find_spec("mlx") else "jax"
COURSE = Course(steps=40, texts=1, rows=256, heat=1.0, save_seconds=0.5, limits=LENIENT, niceness=0)
STEPS = (Step("fine-tune", "FINETUNE", ""), Step("reflect", None, ""))


def write_tiny(path: Path) -> None:
    """Write the weights that take the place of those that ship."""
    text = invent(100_000, seed=1)
    patcher = calibrate(count(text), [text[:20_000]])
    save(path, initialise(TINY, seed=3), patcher, TINY, {"steps": 0})


async def main(data: Path, weights: Path) -> None:
    """Live until the night is over."""
    settings = Settings.load({"data_dir": data, "port": 0, "offline": True, "disk.floor_bytes": 0})
    settings.folder.prepare()
    rails = Rails(weights, lambda _: ToldHost(), STEPS, lambda: BACKEND, COURSE)
    async with running(settings, version="test", rails=rails) as daemon:
        await _remember(daemon)
        await daemon.nights.begin_tonight()
        over = False
        while not over:
            over = await _tell(daemon, settings.folder.training)
            await asyncio.sleep(0.25)


async def _remember(daemon: Daemon) -> None:
    """Give the night something to learn: a week of notes, told once a night."""
    nights = len(await daemon.nights.nights(100))
    known = await daemon.search.memories.count()
    if known > 400 * nights + 100:
        return
    for day in range(8):
        lines = invent(6000, seed=1000 * nights + day).tobytes().decode().split(". ")
        source = f"diary {nights}.{day}"
        await daemon.search.memories.add_many(
            [NewMemory(line, "NOTE", (), source) for line in lines if line.strip()]
        )


async def _tell(daemon: Daemon, runs: Path) -> bool:
    active = next(each for each in await daemon.nights.checkpoints() if each.active)
    score = await daemon.minds.score("The river walked over the garden wall.")
    night = next(iter(await daemon.nights.nights(1)), None)
    pids = [int(path.read_text() or 0) for path in runs.glob("*/worker.pid")]
    told = {
        "active": active.id,
        "hash": active.hash,
        "bits": score.bits_per_byte,
        "worker": pids[0] if pids else None,
        "message": (await daemon.nights.tonight()).note,
        "night": None if night is None else night.note,
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    return night is not None and night.ended_at is not None


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
