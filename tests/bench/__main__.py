"""Run the measurements, print one table with the budgets, write it as JSON to bench-results/.

    python -m bench [--data DIR] [NAME ...]

A module takes part by defining `rows(data: Path | None) -> Sequence[Row]`; `data` is the folder of
data sets that are not part of the repository, None where it is missing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import bench
from bench.row import Row
from selfd_storage import sqlite_version

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "bench-results"


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; status 1 when a budget was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", help="modules to run; all without")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of data sets")
    chosen = parser.parse_args(arguments)
    data = chosen.data if chosen.data.is_dir() else None
    found: list[Row] = []
    for name in chosen.names or sorted(_modules()):
        print(f"{name} ...", file=sys.stderr, flush=True)
        found += importlib.import_module(f"bench.{name}").rows(data)
    print(table(found))
    print(f"\nwritten to {_write(found).relative_to(ROOT)}")
    return int(any(row.verdict == "MISSED" for row in found))


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text."""
    head = ("what", "measured", "budget", "", "note")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = []
    for line in cells:
        what, *figures, note = line
        spaced = zip(figures, widths[1:-1], strict=True)
        middle = "  ".join(text.rjust(width) for text, width in spaced)
        lines.append(f"{what.ljust(widths[0])}  {middle}  {note}".rstrip())
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    budget = "" if row.budget is None else f"{row.budget:,.10g} {row.unit}"
    return row.name, f"{row.value:,.4g} {row.unit}", budget, row.verdict, row.note


def _modules() -> Iterator[str]:
    for module in pkgutil.iter_modules(bench.__path__):
        if hasattr(importlib.import_module(f"bench.{module.name}"), "rows"):
            yield module.name


def _write(rows: Sequence[Row]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    at = datetime.now(UTC)
    result = {
        "at": at.isoformat(),
        "machine": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": ".".join(map(str, sqlite_version())),
        "rows": [{**asdict(row), "verdict": row.verdict} for row in rows],
    }
    path = RESULTS / f"{at:%Y%m%d-%H%M%S}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
