"""The two jobs of upkeep: packing rows anew, and checking every one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from selfd_daemon.jobs import JobContext
from selfd_storage import PackedContent, Store

ROWS_BETWEEN_REPORTS = 2000
CONTENTS: tuple[PackedContent, ...] = ("memory", "chunk", "article", "message")


async def compress(store: Store, job: JobContext) -> Mapping[str, Any]:
    """Learn dictionaries where that pays, move rows to the cold tier, give free space back.

    What is gone is unlearned first: a dictionary that holds pieces of it is replaced in any case.
    Every step is a transaction of its own, so a job that ended half-way is simply done again.
    """
    await job.report(0.0, "looking for what was forgotten")
    unlearned = await store.tiers.unlearn()
    gains: dict[str, float] = {}
    learned: list[str] = []
    for place, content in enumerate(CONTENTS):
        await job.report(0.2 * place / len(CONTENTS), f"learning from {content} texts")
        trained = await store.tiers.train(content)
        gains[content] = round(trained.gain, 3)
        if trained.dictionary is not None:
            learned.append(content)
    moved = await _move(store, job)
    await job.report(0.9, "giving free space back")
    dropped = await store.tiers.drop_unused()
    given_back = await store.tiers.tighten()
    saved = moved["bytes_before"] - moved["bytes_after"]
    await job.report(
        1.0,
        f"rows packed anew: {moved['rows']:,}; bytes saved: {saved:,}, given back: {given_back:,}",
    )
    return {
        **moved,
        "gains": gains,
        "learned": learned,
        "unlearned": list(unlearned),
        "dictionaries_dropped": dropped,
        "bytes_given_back": given_back,
    }


async def _move(store: Store, job: JobContext) -> dict[str, int]:
    tables = store.tiers.tables()
    rows, before, after = 0, 0, 0
    for place, table in enumerate(tables):
        last: int | None = 0
        while last is not None:
            moved = await store.tiers.move(table, last)
            rows += moved.rows
            before += moved.bytes_before
            after += moved.bytes_after
            last = moved.last
            share = 0.2 + 0.7 * place / len(tables)
            await job.report(share, f"{table}: {rows:,} rows, {before:,} bytes are {after:,} now")
    return {"rows": rows, "bytes_before": before, "bytes_after": after}


async def verify(store: Store, job: JobContext) -> Mapping[str, Any]:
    """Unpack every row, compare it with its content hash, and check the file's structure."""
    total = max(1, sum(tier.rows for tier in (await store.report()).tiers))
    damaged: list[str] = []
    place: tuple[int, int] | None = (0, 0)
    rows = 0
    while place is not None:
        found = await store.check(place, ROWS_BETWEEN_REPORTS)
        damaged += found.damaged
        rows += found.rows
        place = found.next_place
        await job.report(0.95 * rows / total, f"{rows:,} rows, {len(damaged)} of them damaged")
    complaints = await store.check_structure()
    await job.report(1.0, f"{rows:,} rows, {len(damaged) + len(complaints)} of them damaged")
    return {"rows": rows, "damaged": damaged, "structure": complaints}
