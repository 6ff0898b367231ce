"""Measure how long a search takes among 10,000 and 100,000 memories of real dialogue.

    python tests/bench/search.py --data DIR [--sizes 10000,100000]

Turns of text/en_train_dialogue are remembered, with those of LoCoMo among them. Half of the
questions are LoCoMo's, half are what users say in the dialogues: long, and full of common words.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.locomo import read, said
from selfd_storage import NewMemory, Store

if TYPE_CHECKING:
    from bench.row import Row

SIZES = {10_000: (10.0, 30.0), 100_000: (10.0, 30.0), 1_000_000: (100.0, 250.0)}  # p50, p99 in ms
QUESTIONS = 300
BATCH = 1000
SEED = 7
USER = "User: "


def rows(data: Path | None, sizes: Sequence[int] = (10_000, 100_000)) -> list[Row]:
    """Measure each size in a store of its own."""
    from bench.row import Row

    found: list[Row] = []
    for size in sizes if data is not None else ():
        assert data is not None
        with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
            times, stored = asyncio.run(measure(Path(folder), data, size))
        middle, slow = statistics.median(times), statistics.quantiles(times, n=100)[98]
        budget, limit = SIZES[size]
        name = f"search, {size:,} memories"
        note = f"{len(times)} questions over real dialogue"
        found += [
            Row(f"{name}, p50", middle, "ms", budget, "lower", note),
            Row(f"{name}, p99", slow, "ms", limit, "lower", note),
            Row(
                f"index.db, {size:,} memories", stored, "B each", None, "lower", "words and chains"
            ),
        ]
    return found


async def measure(folder: Path, data: Path, size: int) -> tuple[list[float], float]:
    """Return the milliseconds of each search, and the bytes of `index.db` a memory."""
    questions = asked(data)
    async with await Store.open(folder) as store:
        turns = dialogue(data)
        for _ in range(0, size, BATCH):
            last = (await store.memories.add_many(list(islice(turns, BATCH))))[-1]
        while last.id not in {hit.item.id for hit in await store.search(last.text, first=1000)}:
            pass  # the index is catching up
        times = []
        for question in questions:
            begun = time.perf_counter()
            await store.search(question)
            times.append((time.perf_counter() - begun) * 1000)
    return times, (folder / "index.db").stat().st_size / size


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
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", default="10000,100000")
    chosen = parser.parse_args(arguments)
    print(table(rows(chosen.data, [int(size) for size in chosen.sizes.split(",")])))


if __name__ == "__main__":
    main(sys.argv[1:])
