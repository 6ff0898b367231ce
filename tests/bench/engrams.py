"""Engrams of a source tree of 100 MB: what they take, and how long a query takes, cold and warm.

    python -m bench engrams
    python tests/bench/engrams.py [--tree DIR]

Without a tree, that of the Python which runs this is taken, with its installed packages. A cold
query is the first one of a process: opening and searching, without starting Python.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.row import Row
from selfd_storage.engram import Engram, build

SIZE = 100_000_000
LARGEST = 2_000_000  # bytes of a file that is taken along
KINDS = {".py", ".pyi", ".c", ".h", ".js", ".css", ".html", ".json", ".md", ".txt", ".rst"}
TIMES = 5
QUERIES = (
    "socket timeout error",
    "parse json schema",
    "thread pool executor",
    "html escape",
    "gradient descent optimizer",
    "where is the retry delay doubled",
)


@dataclass(frozen=True, slots=True)
class Queried:
    """Milliseconds by the clock and of the processor: of the first query, and of others."""

    cold: tuple[float, float]
    warm: list[tuple[float, float]]


def rows(data: Path | None, tree: Path | None = None) -> list[Row]:
    """Build an engram, and ask it in fresh processes. No data is needed."""
    with tempfile.TemporaryDirectory(prefix="selfd-engram-") as name:
        folder, target = Path(name) / "tree", Path(name) / "tree.engram"
        if tree is None:
            copy_sources(folder)
        begun, used = time.perf_counter(), time.process_time()
        info = build(tree or folder, target)
        took, busy = time.perf_counter() - begun, time.process_time() - used
        seen = [in_a_fresh_process(target, query) for query in QUERIES for _ in range(TIMES)]
    what = f"{info.raw_bytes / 1e6:.0f} MB in {info.files:,} files"
    cold, cold_busy = (statistics.median(each.cold[at] for each in seen) for at in (0, 1))
    slowest = max(each.cold[0] for each in seen)
    warm, warm_busy = (
        statistics.median(w[at] for each in seen for w in each.warm) for at in (0, 1)
    )
    note = f"{len(seen)} processes; slowest {slowest:.0f} ms; page cache warm"
    return [
        Row(
            "engram: share of the tree", info.stored_bytes / info.raw_bytes, "", None, "lower", what
        ),
        Row(
            "engram: build",
            info.raw_bytes / 1e6 / took,
            "MB/s",
            None,
            "higher",
            f"{busy:.0f} s busy",
        ),
        Row("engram: first query, opening it", cold, "ms", 100.0, "lower", note),
        Row("engram: first query, processor", cold_busy, "ms", None, "lower"),
        Row("engram: another query", warm, "ms", 100.0, "lower", "words of other files"),
        Row("engram: another query, processor", warm_busy, "ms", None, "lower"),
    ]


def copy_sources(folder: Path) -> None:
    """Copy text files of Python and its packages until they are as many bytes as are wanted."""
    size = 0
    for root, path in _sources():
        target = folder / root.name / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        size += path.stat().st_size
        if size >= SIZE:
            return


def _sources() -> Iterator[tuple[Path, Path]]:
    for root in (Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("purelib"))):
        for above, folders, files in os.walk(root):
            folders[:] = sorted(each for each in folders if each != "site-packages")
            for path in (Path(above) / file for file in sorted(files)):
                if path.suffix in KINDS and path.is_file() and path.stat().st_size < LARGEST:
                    yield root, path


def in_a_fresh_process(target: Path, query: str) -> Queried:
    """Ask in a process that has never seen the engram."""
    command = [sys.executable, __file__, "--ask", str(target), query]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout)
    return Queried(tuple(told["cold"]), [tuple(each) for each in told["warm"]])


def ask(target: Path, query: str) -> Queried:
    """Open and search, then search for something else."""
    begun, used = time.perf_counter(), time.process_time()
    with Engram.open(target) as engram:
        engram.search(query)
        cold = _since(begun, used)
        warm = []
        for other in QUERIES:
            if other != query:
                begun, used = time.perf_counter(), time.process_time()
                engram.search(other)
                warm.append(_since(begun, used))
    return Queried(cold, warm)


def _since(begun: float, used: float) -> tuple[float, float]:
    return (time.perf_counter() - begun) * 1000, (time.process_time() - used) * 1000


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path)
    parser.add_argument("--ask", nargs=2, metavar=("FILE", "QUERY"), help="print JSON")
    chosen = parser.parse_args(arguments)
    if chosen.ask is not None:
        print(json.dumps(asdict(ask(Path(chosen.ask[0]), chosen.ask[1]))))
        return
    print(table(rows(None, chosen.tree)))


if __name__ == "__main__":
    main(sys.argv[1:])
