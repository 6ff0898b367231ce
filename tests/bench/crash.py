"""Kill -9 during upkeep, again and again: what was acknowledged must be there, and found.

python -m bench crash                      a hundred times for each kind of upkeep
python tests/bench/crash.py --times 10
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.row import Row
from support.crashing import WORKS, Witness

TIMES = 100


def rows(data: Path | None, times: int = TIMES, works: Sequence[str] = tuple(WORKS)) -> list[Row]:
    """Count the kills after which something was lost, damaged or no longer found."""
    found = []
    for name in works:
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="selfd-crash-") as folder:
            witness = Witness(Path(folder))
            faults = sum(_fault(witness, name, seed) for seed in range(1, times + 1))
        note = (
            f"{times} kills, {len(witness.told):,} memories told, {witness.rounds:,} rounds of "
            f"upkeep, {time.perf_counter() - begun:.0f} s"
        )
        found.append(Row(f"faults after kill -9 while {name}", faults, "", 0.0, "lower", note))
    return found


def _fault(witness: Witness, name: str, seed: int) -> bool:
    witness.live_and_die(name, seed)
    try:
        asyncio.run(witness.check())
    except AssertionError as error:
        print(f"{name}, kill {seed}: {error}", file=sys.stderr)
        return True
    return False


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--works", default=",".join(WORKS))
    chosen = parser.parse_args(arguments)
    print(table(rows(None, chosen.times, chosen.works.split(","))))


if __name__ == "__main__":
    main(sys.argv[1:])
