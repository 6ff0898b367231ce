"""Minds: first byte and total time of each kind, what selfd adds to mlx-lm, and fair shares.

The mlx-lm model is made here (drawn weights; its text is nonsense and its speed is that of its
size); the server is mlx-lm's own. Rows that need mlx-lm are left out where it is not installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench.row import Row
from selfd_daemon.minds import Message, Mind, MindError, Request
from selfd_daemon.minds.builtin.mind import BuiltinMind
from selfd_daemon.minds.builtin.shipped import load_embedder, load_model
from selfd_daemon.minds.http.mind import HttpMind
from selfd_daemon.minds.mlx.mind import MlxMind
from selfd_daemon.minds.options import HttpOptions, MlxOptions
from selfd_models.checkpoint import SHIPPED
from support.minds import told
from support.mlx_models import make_model
from support.serving import free_port
from support.talking import talking_server

MADE = 400  # bytes
TIMES = 5
PAIRS = 31
ASKERS = 10
WIDTH = 512  # of the mlx-lm model: some 3 million parameters
PROMPT = "Tell what a lighthouse is for, and who used to live in one."
ASK = Request((Message("user", PROMPT),), max_bytes=MADE, seed=1)


def rows(data: Path | None) -> Sequence[Row]:
    """Measure each kind of mind that can be had here."""
    return asyncio.run(_rows())


async def _rows() -> list[Row]:
    found: list[Row] = []
    if SHIPPED.exists():
        found += await _builtin()
    async with talking_server(["Nothing but the pot. "] * 40) as url:
        server = HttpMind(url, HttpOptions(), monotonic=time.monotonic)
        found += await _times("http, a server that only talks", server)
        await server.close()
    if find_spec("mlx_lm") is not None:
        with tempfile.TemporaryDirectory() as folder:
            model = await asyncio.to_thread(make_model, Path(folder), width=WIDTH, context=2048)
            found += await _mlx(model)
    return found


async def _builtin() -> list[Row]:
    mind = BuiltinMind(
        model=load_model, embedder=load_embedder, monotonic=time.monotonic, draw=lambda: 7
    )
    found = await _times("builtin", mind)
    alone = statistics.median([(await told(mind, ASK))[1].seconds for _ in range(3)])
    asked = [
        Request(ASK.messages, max_bytes=MADE, seed=seed, client=str(seed)) for seed in range(ASKERS)
    ]
    began = time.perf_counter()
    ended = [each for _, each in await asyncio.gather(*(told(mind, each) for each in asked))]
    took = time.perf_counter() - began
    speeds = [each.bytes_per_second for each in ended]
    await mind.close()
    return [
        *found,
        Row(f"minds: {ASKERS} at once, slowest over fastest", max(speeds) / min(speeds), "times",
            1.5, "lower", f"{took:.2f} s for all, {ASKERS * alone:.2f} s one after the other"),
        Row("minds: cancelling, to the next answer's start", await _cancelling(), "ms", 100.0,
            "lower"),
    ]  # fmt: skip


async def _cancelling() -> float:
    """Leave a long generation, and give the longest wait for the thread after it, of ten."""
    mind = BuiltinMind(
        model=load_model, embedder=load_embedder, monotonic=time.monotonic, draw=lambda: 7
    )
    waits = []
    await mind.next_byte(b"a")
    for _ in range(10):
        async with aclosing(mind.generate(Request(ASK.messages, max_bytes=100_000))) as events:
            await anext(events)
        began = time.perf_counter()
        await mind.next_byte(b"a")
        waits.append(1000 * (time.perf_counter() - began))
    await mind.close()
    return max(waits)


async def _mlx(folder: Path) -> list[Row]:
    options = MlxOptions(context_tokens=2048)
    mind = MlxMind("tiny", str(folder), options, monotonic=time.monotonic, draw=lambda: 7)
    found = await _times("mlx", mind)
    slower, later = await _beside_mlx(mind, folder)
    await mind.close()
    return [
        *found,
        Row("minds: mlx, bytes/s below mlx-lm itself", float(np.median(slower)), "share", 0.05,
            "lower", _spread(slower)),
        Row("minds: mlx, first byte after mlx-lm itself", float(np.median(later)), "ms", 10.0,
            "lower", _spread(later)),
        *await _served(folder),
    ]  # fmt: skip


async def _beside_mlx(mind: Mind, folder: Path) -> tuple[list[float], list[float]]:
    """Ask both the same, one right after the other, the one first that was second before.

    Neighbours meet the machine alike, so each pair is compared by itself, and the median pair
    counts: what falls on one of a pair weighs as one pair, whatever it is.

    Returns: by how much of mlx-lm's own bytes/s the mind was slower, and how many ms later its
        first text came, of each pair.
    """
    slower, later = [], []
    with ThreadPoolExecutor(1) as own:  # MLX keeps things by thread
        ask = await asyncio.wrap_future(own.submit(_loaded, folder))

        async def theirs(words: str) -> tuple[float, float]:
            return await asyncio.wrap_future(own.submit(ask, words))

        for at in range(PAIRS):
            words = f"{at} {PROMPT}"  # begins unlike the others, so that no state of them helps
            request = Request((Message("user", words),), max_bytes=MADE)
            if at % 2:
                ended, its = (await told(mind, request))[1], await theirs(words)
            else:
                its, ended = await theirs(words), (await told(mind, request))[1]
            slower.append(1.0 - ended.bytes_per_second / its[1])
            later.append(1000 * (ended.first - its[0]))
    return slower, later


def _spread(values: Sequence[float]) -> str:
    """Say between what the median lies, by 95 of 100 bootstrap draws."""
    drawn = np.random.default_rng(7353).choice(values, (2000, len(values)))
    low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
    return f"95% {low:+.3g} to {high:+.3g}, {len(values)} pairs"


def _loaded(folder: Path) -> Callable[[str], tuple[float, float]]:
    """Load a model by mlx-lm itself.

    Returns: what asks it: seconds to the first text, bytes/s.
    """
    from mlx_lm import load, stream_generate

    loaded: Any = load(str(folder))

    def ask(words: str) -> tuple[float, float]:
        began, first, size = time.perf_counter(), 0.0, 0
        prompt = loaded[1].apply_chat_template(
            [{"role": "user", "content": words}], add_generation_prompt=True
        )
        for part in stream_generate(loaded[0], loaded[1], prompt, MADE):
            size += len(part.text.encode())
            if size and not first:
                first = time.perf_counter() - began
            if size >= MADE:
                break
        return first, size / (time.perf_counter() - began)

    ask("A first one, to warm up.")
    return ask


async def _served(folder: Path) -> list[Row]:
    """Put mlx-lm's own server behind the HTTP mind."""
    port, quiet = free_port(), asyncio.subprocess.DEVNULL
    command = ["-m", "mlx_lm", "server", "--model", str(folder), "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=quiet, stderr=quiet
    )
    options = HttpOptions(model="default_model")
    mind = HttpMind(f"http://127.0.0.1:{port}", options, monotonic=time.monotonic)
    try:
        async with asyncio.timeout(90):
            while not mind.loaded:
                with contextlib.suppress(MindError):
                    await mind.load()
        return await _times("http, mlx_lm.server", mind)
    finally:
        await mind.close()
        process.kill()
        await process.wait()


async def _times(name: str, mind: Mind) -> list[Row]:
    await told(mind, Request(ASK.messages, max_bytes=8))  # it is loaded, or connected
    found = [(await told(mind, ASK))[1] for _ in range(TIMES)]
    first = 1000 * statistics.median(each.first for each in found)
    total = statistics.median(each.seconds for each in found)
    size = statistics.median(each.bytes for each in found)
    return [
        Row(f"minds: {name}, first byte", first, "ms", None, "lower"),
        Row(f"minds: {name}, whole answer", total, "s", None, "lower", f"{size:.0f} bytes"),
    ]
