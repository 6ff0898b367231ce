"""Measure how long a search takes among 10,000 and 100,000 memories of real dialogue, and more.

    python tests/bench/search.py --data DIR [--sizes 10000,100000,1000000]

Turns of text/en_train_dialogue are remembered, with those of LoCoMo among them. Half of the
questions are LoCoMo's, half are what users say in the dialogues: long, and full of common words.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.__main__ import table
from bench.locomo import read, said
from bench.row import Row
from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store
from selfd_storage.language.lexicon import words

SIZES = {10_000: (10.0, 30.0), 100_000: (10.0, 30.0), 1_000_000: (100.0, 250.0)}  # p50, p99 in ms
QUESTIONS = 300
BATCH = 1000
SEED = 7
USER = "User: "
EMBEDDED = 100_000  # texts; of more, the vectors are made up
NOISE = 0.03  # in each dimension, so that a made-up vector is at a cosine of .9 to its model
WARM = 20


@dataclass(frozen=True, slots=True)
class Searched:
    """The milliseconds of each search, by the clock and of the processor, and the memory held.

    On a busy machine the second says what the first would be on an idle one.
    """

    times: list[float]
    busy: list[float]
    resident: int


def rows(data: Path | None, sizes: Sequence[int] = (10_000, 100_000)) -> list[Row]:
    """Measure each size in a store of its own."""
    found: list[Row] = []
    for size in sizes if data is not None else ():
        assert data is not None
        with tempfile.TemporaryDirectory(prefix="selfd-bench-") as name:
            folder = Path(name)
            took = asyncio.run(fill(folder, data, size))
            drop(folder)
            stored = (folder / "index.db").stat().st_size / size
            seen = in_a_process_of_its_own(folder, data)
            found += _rows(size, took, stored, seen)
            if size <= EMBEDDED:
                found.append(_beside(size, seen, fts5_alone(folder, data, size)))
    return found


def _rows(size: int, took: tuple[float, float], stored: float, seen: Searched) -> list[Row]:
    budget, limit = SIZES.get(size, (None, None))
    what = f"search, {size:,} memories"
    note = f"{len(seen.times)} questions over real dialogue"
    texts = "after a start with nothing of the files in memory"
    if size > EMBEDDED:
        texts += f"; vectors of {EMBEDDED:,} texts, the others theirs with noise"
    middle, slow = statistics.median(seen.times), statistics.quantiles(seen.times, n=100)[98]
    busy, busiest = statistics.median(seen.busy), statistics.quantiles(seen.busy, n=100)[98]
    rate = Row(
        f"rememberMany until settled, {size:,}",
        size / took[0],
        "/s",
        2000.0 if size <= EMBEDDED else None,
        "higher",
        f"words, vectors, codes, batches of {BATCH} on the disk; "
        f"{took[1] / size * 1000:.2f} ms of processor each",
    )
    resident = Row(
        f"resident memory, {size:,} memories",
        seen.resident / 1e6,
        "MB",
        350.0 if size == 1_000_000 else None,
        "lower",
        "a process that opened the store and searched",
    )
    return [
        Row(f"{what}, p50", middle, "ms", budget, "lower", note),
        Row(f"{what}, p99", slow, "ms", limit, "lower", texts),
        Row(f"{what}, processor, p50", busy, "ms", None, "lower", "all threads of the process"),
        Row(f"{what}, processor, p99", busiest, "ms", None, "lower"),
        Row(f"index.db, {size:,} memories", stored, "B each", None, "lower", "words and codes"),
        rate,
        resident,
    ]


def _beside(size: int, seen: Searched, alone: Sequence[float]) -> Row:
    """Compare with SQLite's own search of words right after ours, which any machine knows."""
    theirs = statistics.median(alone)
    return Row(
        f"search, {size:,} memories, p50 over FTS5 alone",
        statistics.median(seen.times) / theirs,
        "times",
        None,
        "lower",
        f"the same texts and questions, OR of all words: {theirs:.0f} ms",
    )


def fts5_alone(folder: Path, data: Path, size: int) -> list[float]:
    """Return the milliseconds of each question in a table of the same texts with FTS5."""
    with contextlib.closing(sqlite3.connect(folder / "fts5.db")) as db:
        db.execute("CREATE VIRTUAL TABLE texts USING fts5(text)")
        turns = islice(dialogue(data), size)
        db.executemany("INSERT INTO texts VALUES (?)", ((turn.text,) for turn in turns))
        db.execute("INSERT INTO texts(texts) VALUES ('optimize')")
        db.commit()
        times = []
        for question in asked(data):
            any_of = " OR ".join(f'"{word}"' for word in dict.fromkeys(words(question)))
            begun = time.perf_counter()
            db.execute(
                "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 10", (any_of,)
            ).fetchall()
            times.append((time.perf_counter() - begun) * 1000)
        return times[WARM:]


class NoisyEmbedder:
    """The shipped embedder; beyond its first texts, vectors of those with noise, for the time."""

    def __init__(self) -> None:
        self._embedder = Embedder.load()
        self.fingerprint, self.dimensions = self._embedder.fingerprint, 256
        self._known: list[NDArray[np.float32]] = []
        self._rng = np.random.default_rng(SEED)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit rows (N, D)."""
        if len(texts) == 1 or len(self._known) < EMBEDDED:
            vectors = self._embedder.embed(texts)
            self._known += list(vectors) if len(texts) > 1 else []
            return vectors
        chosen = self._rng.integers(0, len(self._known), len(texts))
        rows = np.array([self._known[place] for place in chosen])
        rows += self._rng.normal(0, NOISE, rows.shape).astype(np.float32)
        unit: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit


async def fill(folder: Path, data: Path, size: int) -> tuple[float, float]:
    """Remember so many turns; return seconds until all can be found, by the clock and busy."""
    begun, used = time.perf_counter(), time.process_time()
    async with await Store.open(folder, embedders=[NoisyEmbedder()]) as store:
        turns = dialogue(data)
        for _ in range(0, size, BATCH):
            await store.memories.add_many(list(islice(turns, BATCH)))
        await store.settle()
        return time.perf_counter() - begun, time.process_time() - used


def drop(folder: Path) -> None:
    """Write the files to the disk and, where the system can, drop them from its memory.

    So each search starts as a daemon does whose files nobody has read since yesterday.
    """
    for path in folder.glob("*.db"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def in_a_process_of_its_own(folder: Path, data: Path) -> Searched:
    """Search in a process that did not fill the store, whose memory tells something."""
    command = [sys.executable, __file__, "--data", str(data), "--search", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Searched(**json.loads(done.stdout))


async def search(folder: Path, data: Path) -> Searched:
    """Ask every question once, after a few to warm up."""
    questions = asked(data)
    async with await Store.open(folder, embedders=[Embedder.load()]) as store:
        await store.settle()
        for question in questions[:WARM]:
            await store.search(question)
        times, busy = [], []
        for question in questions:
            begun, used = time.perf_counter(), time.process_time()
            await store.search(question)
            times.append((time.perf_counter() - begun) * 1000)
            busy.append((time.process_time() - used) * 1000)
        return Searched(times, busy, psutil.Process().memory_info().rss)


def dialogue(data: Path) -> Iterator[NewMemory]:
    """Yield turns without end: LoCoMo's first, the others again and again with a mark."""
    for each in read(data / "memory" / "locomo_conversations.jsonl.zst"):
        for session in each["sessions"]:
            at = datetime.fromisoformat(session["iso"]).replace(tzinfo=UTC)
            for turn in session["turns"]:
                yield NewMemory(said(turn), source=f"{each['id']}/{session['n']}", at=at)
    at = datetime(2023, 1, 1, tzinfo=UTC)
    for again in count():
        for each in read(data / "text" / "en_train_dialogue.jsonl.zst"):
            at += timedelta(hours=5)
            for line in each["text"].splitlines():
                at += timedelta(seconds=20)
                if line.strip():
                    text = f"{line} ({again})" if again else line
                    yield NewMemory(text, source=f"{each['id']}/{again}", at=at)


def asked(data: Path) -> list[str]:
    """Return the questions in a random order."""
    rng = random.Random(SEED)
    ours = [each["question"] for each in read(data / "memory" / "locomo_qa.jsonl.zst")]
    theirs = [
        line.removeprefix(USER)
        for each in read(data / "text" / "en_train_dialogue.jsonl.zst")
        for line in each["text"].splitlines()
        if line.startswith(USER)
    ]
    chosen = rng.sample(ours, QUESTIONS // 2) + rng.sample(theirs, QUESTIONS // 2)
    rng.shuffle(chosen)
    return chosen


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--search", type=Path, help="search in a folder, print JSON")
    parser.add_argument("--drop", action="store_true", help="... whose files are not in memory")
    chosen = parser.parse_args(arguments)
    if chosen.search is not None:
        if chosen.drop:
            drop(chosen.search)
        print(json.dumps(asdict(asyncio.run(search(chosen.search, chosen.data)))))
        return
    print(table(rows(chosen.data, [int(size) for size in chosen.sizes.split(",")])))


if __name__ == "__main__":
    main(sys.argv[1:])
