"""Nights under stress: answers while a training runs, and kill -9 at fifty random moments.

The training of the first part is real, of nano; questions come when it has gone on for a while, so
that each meets it at work. Half of the idle ones come before it and half after it, so that what
else the machine does weighs on both sides. The second part uses a tiny model, so that fifty nights
fit in minutes.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import random
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import anyio

from bench.row import Row
from selfd_daemon.nights.training.process import QUIET_SECONDS
from selfd_models.training.data.replay import read_sample
from support.daemon import RunningDaemon, running_daemon
from support.living import Line, Living, generations
from support.night_daemon import write_tiny

ASKED = int(os.environ.get("SELFD_BENCH_ASKED", "24"))
KILLS = int(os.environ.get("SELFD_BENCH_KILLS", "50"))
ASK = "mutation ($q: String!) { ask(input: {question: $q}) { confidence } }"
REMEMBER = "mutation ($i: [RememberInput!]!) { rememberMany(inputs: $i) { id } }"
TUNE = "mutation { startJob(kind: FINETUNE) { id } }"
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { state } }"
JOBS = "{ jobs(first: 1) { edges { node { state message error } } } }"
WARM_UP = 5
LONGEST = 8.0  # seconds between two kills
MOST_DAEMONS = 2  # killed in one night: a job during which the daemon dies thrice is given up
SEED = 7353


def rows(data: Path | None) -> Sequence[Row]:
    """Measure where there are texts to remember and something to train with."""
    if not any(map(importlib.util.find_spec, ("jax", "mlx"))):
        return []
    found = [] if data is None else _latency(data)
    return [*found, *_kills()]


def _latency(data: Path) -> list[Row]:
    """Ask with nothing else going on, then while the built-in model is being trained."""
    conversation = read_sample(data / "memory" / "locomo_conversations.jsonl.zst")[0]
    turns = [turn for session in conversation["sessions"] for turn in session["turns"]]
    texts = [f"{turn['who']}: {turn['text']}" for turn in turns]
    with (
        tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder,
        running_daemon(Path(folder) / "data") as daemon,
    ):
        news = [
            {"text": text, "source": f"day {at // 40}", "kind": "EPISODE"}
            for at, text in enumerate(texts)
        ]
        for at in range(0, len(news), 200):
            daemon.query(REMEMBER, i=news[at : at + 200])
        questions = [f"{text[:60]}?" for text in texts[:: len(texts) // (2 * ASKED + WARM_UP)]]
        for question in questions[:WARM_UP]:
            _seconds(daemon, question)
        left = iter(questions[WARM_UP:])  # none is asked twice: its answer is kept for a while
        idle = [_seconds(daemon, next(left)) for _ in range(ASKED // 2)]
        job = daemon.query(TUNE)["startJob"]["id"]
        _until_it_steps(daemon)
        busy = []
        for _ in range(ASKED):
            time.sleep(QUIET_SECONDS + 2.0)  # it goes on ten seconds after a question
            busy.append(_seconds(daemon, next(left)))
        state = daemon.query(JOBS)["jobs"]["edges"][0]["node"]
        daemon.query(CANCEL, id=job)
        time.sleep(QUIET_SECONDS)
        idle += [_seconds(daemon, next(left)) for _ in range(ASKED - ASKED // 2)]
    note = f"p95 {_p95(idle) * 1e3:.0f} ms idle, {_p95(busy) * 1e3:.0f} ms training; {state}"
    return [Row("answers during training", _p95(busy) / _p95(idle), "x idle", 1.5, "lower", note)]


def _seconds(daemon: RunningDaemon, question: str) -> float:
    start = time.perf_counter()
    daemon.query(ASK, q=question)
    return time.perf_counter() - start


def _until_it_steps(daemon: RunningDaemon) -> None:
    for _ in range(600):
        node = daemon.query(JOBS)["jobs"]["edges"][0]["node"]
        if node["message"].startswith("step"):
            return
        time.sleep(1.0)
    raise RuntimeError(f"no step was taken: {node}")


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _kills() -> list[Row]:
    """Kill daemon or worker again and again; after each look at what is left."""
    rng = random.Random(SEED)
    damaged = silent = kills = daemons = taught = nights = 0
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as place:
        weights = Path(place) / "tiny.safetensors"
        write_tiny(weights)
        living: Living | None = None
        while kills < KILLS:
            data = Path(place) / f"night{nights}"
            living = living or Living(data, weights)
            until = time.monotonic() + rng.uniform(0.5, LONGEST)
            try:
                line = living.until(partial(_is_late, until))
            except AssertionError:  # this night is over: on with another
                taught += len(anyio.run(generations, data, weights)) > 1
                living, nights, daemons = None, nights + 1, 0
                continue
            silent += line["bits"] <= 0.0
            kills += 1
            if line["worker"] and (daemons == MOST_DAEMONS or rng.random() < 0.5):
                _kill(line)
                continue
            living.kill()
            living, daemons = None, daemons + 1
            damaged += not _is_whole(data, weights)
        (living or Living(data, weights)).rest()
        taught += len(anyio.run(generations, data, weights)) > 1
    note = f"{nights + 1} nights, of which {taught} came to new weights all the same"
    return [
        Row("kill -9 of a night: damaged", float(damaged), f"of {KILLS}", 0, "lower", note),
        Row("kill -9 of a night: not served", float(silent), f"of {KILLS}", 0, "lower"),
    ]


def _is_late(until: float, line: Line) -> bool:
    return time.monotonic() > until


def _kill(line: Line) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(line["worker"], signal.SIGKILL)


def _is_whole(data: Path, weights: Path) -> bool:
    try:
        anyio.run(generations, data, weights)
    except (AssertionError, OSError, subprocess.SubprocessError):
        return False
    return True
