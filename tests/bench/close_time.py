"""Measure what a close look costs beyond a search, among texts that stand alone.

    python tests/bench/close_time.py --data DIR [--size 100000]

The passages of MuSiQue and MultiHop-RAG, and turns of dialogues without their dialogues up to that
size; asked are the questions of both. Times are of the processor, all threads of the process.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.retrieval_sets import collection
from bench.row import Row
from bench.search import BATCH, WARM, dialogue
from selfd_daemon.answering.retrieval.corrective import RETRIEVED
from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store

SETS = ("musique", "multihoprag")
MOST_QUESTIONS = 200


def rows(data: Path | None, size: int = 100_000) -> list[Row]:
    """Ask both ways in turn."""
    if data is None:
        return []
    plain, close = asyncio.run(measure(data, size))
    return [
        Row(f"{what}, {size:,} texts, {name}", value, "ms", None, "lower", "of the processor")
        for what, times in (("search", plain), ("search, closely", close))
        for name, value in (
            ("p50", statistics.median(times)),
            ("p99", statistics.quantiles(times, n=100)[98]),
        )
    ]


async def measure(data: Path, size: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each question, without and with a close look."""
    given = [collection(data, name) for name in SETS]
    texts = [text for each in given for text in each.passages.values() if text]
    alone = (each.text for each in dialogue(data))
    texts += islice(alone, max(0, size - len(texts)))
    questions = [each.text for some in given for each in some.questions][:MOST_QUESTIONS]
    times: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
        async with await Store.open(Path(folder), embedders=[Embedder.load()]) as store:
            for start in range(0, len(texts), BATCH):
                news = [NewMemory(text) for text in texts[start : start + BATCH]]
                await store.memories.add_many(news)
            await store.settle()
            for question in [*questions[:WARM], *questions]:
                for closely, taken in times.items():
                    begun = time.process_time()
                    await store.search(question, first=RETRIEVED, closely=closely)
                    taken.append((time.process_time() - begun) * 1000)
    return times[False][WARM:], times[True][WARM:]


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=100_000)
    chosen = parser.parse_args(arguments)
    print(table(rows(chosen.data, chosen.size)))


if __name__ == "__main__":
    main(sys.argv[1:])
