"""Eight writers and thirty-two readers at one store for a minute, and its upkeep among them.

python -m bench crowd
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from pathlib import Path

from bench.row import Row
from selfd_storage import Store
from support.crowd import Crowd, crowd

SECONDS = 60.0


def rows(data: Path | None, seconds: float = SECONDS) -> list[Row]:
    """Count the errors, and tell how long writers and readers waited."""
    with tempfile.TemporaryDirectory(prefix="selfd-crowd-") as folder:
        seen = asyncio.run(_measure(Path(folder), seconds))
    done = ", ".join(f"{count:,} {what}s" for what, count in seen.done.items())
    note = f"8 writers, 32 readers, {seconds:.0f} s: {done}"
    found = [Row("errors of a crowd", len(seen.errors), "", 0.0, "lower", note)]
    for what in ("write", "read"):
        slow = statistics.quantiles(seen.seconds[what], n=100)[98] * 1000
        found.append(Row(f"{what} in a crowd, p99", slow, "ms", None, "lower"))
    return found


async def _measure(folder: Path, seconds: float) -> Crowd:
    async with await Store.open(folder) as store:
        return await crowd(store, seconds=seconds)
