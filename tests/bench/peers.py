"""selfd beside Chroma, LanceDB and plain FTS5: bytes on disk, ingest and search, in one run.

    python -m bench peers
    python tests/bench/peers.py --data DIR [--sizes 20000,200000] [--shortest 95] [--plot FILE.png]

All are given the same turns of dialogue and other texts, and the same 256-d vectors of the
embedder that ships with selfd; the time of embedding counts for all but FTS5, which has none. Each
is on disk, closed and measured as the files of its folder. A search embeds the question, finds ten
and reads their texts. Where other work shares the machine, the figures by processor time compare
better than those by the clock. Peers that are not installed (extra `bench`) are left out, and so
are those that take more than a few minutes for a size.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.locomo import read
from bench.row import Row
from bench.search import asked
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_storage import NewMemory, Store
from selfd_storage.language.lexicon import STOP_WORDS, words

BATCH = 1000
# Bytes; lines of a dialogue, and sentences of long ones, are joined to so many. 70 makes 200,000
# turns of 135 bytes on the average, and 95 as many of 20,000, which are dialogue alone.
SHORTEST = 70
FIRST = 10
LARGEST = {"Chroma": 20_000, "LanceDB": 200_000, "FTS5": 200_000, "selfd": 10**9}


class Took(NamedTuple):
    """Seconds by the clock, and seconds of the processor, all threads together."""

    clock: float
    processor: float

    @classmethod
    def now(cls) -> Self:
        """Look at both clocks."""
        return cls(time.perf_counter(), time.process_time())

    def since(self, begun: Self) -> Took:
        """Return what lies between two looks."""
        return Took(self.clock - begun.clock, self.processor - begun.processor)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one system did with one size; times in seconds, by the clock and of the processor."""

    system: str
    turns: int
    text_bytes: int
    disk_bytes: int
    ingest: Took
    searches: Sequence[Took]

    @property
    def each(self) -> float:
        """Bytes on disk a turn."""
        return self.disk_bytes / self.turns

    @property
    def middle(self) -> float:
        """Median milliseconds of a search."""
        return statistics.median(each.clock for each in self.searches) * 1000

    @property
    def busy(self) -> float:
        """Mean milliseconds of processor time of a search."""
        return statistics.fmean(each.processor for each in self.searches) * 1000

    @property
    def slow(self) -> float:
        """The 99th percentile, in milliseconds."""
        return statistics.quantiles([each.clock for each in self.searches], n=100)[98] * 1000


def rows(data: Path | None, sizes: Sequence[int] = (20_000,)) -> list[Row]:
    """Measure every system that is there, smallest size first."""
    return [row for each in measure_all(data, sizes) for row in _rows(each)] if data else []


def measure_all(data: Path, sizes: Sequence[int], shortest: int = SHORTEST) -> Iterator[Measured]:
    """Yield what each system did with each size."""
    questions = asked(data)
    for size in sizes:
        told = list(islice(turns(data, shortest), size))
        assert len(told) == size, f"the data set has {len(told)} turns"
        for system, run in SYSTEMS.items():
            if size <= LARGEST[system] and _is_there(system):
                print(f"{system}, {size:,} turns ...", file=sys.stderr, flush=True)
                yield run(told, questions)


def _rows(found: Measured) -> list[Row]:
    name, ours = f"{found.system}, {found.turns:,} turns", found.system == "selfd"
    raw = found.text_bytes + found.turns * 256 * 4
    note = f"text of {found.text_bytes / found.turns:.0f} B, everything included"
    by_clock, by_processor = (found.turns / each for each in found.ingest)
    made = [
        Row(f"{name}: on disk", found.each, "B each", 400.0 if ours else None, "lower", note),
        Row(f"{name}: ingest", by_clock, "/s", 2000.0 if ours else None, "higher"),
        Row(f"{name}: ingest, processor", by_processor, "/s", None, "higher", "all threads"),
        Row(f"{name}: search p50", found.middle, "ms", 10.0 if ours else None, "lower"),
        Row(f"{name}: search p99", found.slow, "ms", 30.0 if ours else None, "lower"),
        Row(f"{name}: search, processor", found.busy, "ms", None, "lower", "mean"),
    ]
    if ours:
        saved = 1 - found.disk_bytes / raw
        made.append(
            Row(f"{name}: saved of text and float32", saved, "", 0.65, "higher", "256-d vectors")
        )
    return made


def turns(data: Path, shortest: int = SHORTEST) -> Iterator[NewMemory]:
    """Yield turns of dialogue, then of other texts: lines joined until they are long enough."""
    at = datetime(2023, 1, 1, tzinfo=UTC)
    for name in ("dialogue", "fiction", "stories", "mixed", "tech"):
        for each in read(data / "text" / f"en_train_{name}.jsonl.zst"):
            at += timedelta(hours=5)
            said: list[str] = []
            for line in _pieces(each["text"]):
                said.append(line)
                text = " ".join(said)
                if len(text) >= shortest:
                    at += timedelta(seconds=20)
                    yield NewMemory(text, source=f"{name} {each['id']}", at=at)
                    said = []


def _pieces(text: str) -> Iterator[str]:
    """Yield the lines of a text, and the sentences of its long lines."""
    for line in text.splitlines():
        for piece in line.split(". ") if len(line) > 200 else (line,):
            if piece.strip():
                yield piece.strip()


def _disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _batches(told: Sequence[NewMemory]) -> Iterator[Sequence[NewMemory]]:
    for start in range(0, len(told), BATCH):
        yield told[start : start + BATCH]


def _timed(questions: Sequence[str], find: Callable[[str], object]) -> list[Took]:
    found = []
    for question in questions:
        begun = Took.now()
        find(question)
        found.append(Took.now().since(begun))
    return found


def selfd(told: Sequence[NewMemory], questions: Sequence[str]) -> Measured:
    """Remember, embed, index and pack, as the daemon does; what a night does is not ingest."""
    return asyncio.run(_selfd(told, questions))


async def _selfd(told: Sequence[NewMemory], questions: Sequence[str]) -> Measured:
    with tempfile.TemporaryDirectory(prefix="selfd-peers-") as name:
        folder = Path(name)
        async with await Store.open(folder, embedders=shipped_embedders()) as store:
            begun = Took.now()
            for batch in _batches(told):
                await store.memories.add_many(batch)
            await store.settle()
            ingest = Took.now().since(begun)
            await store.tiers.train("memory")
            for table in store.tiers.tables():
                after: int | None = 0
                while after is not None:
                    after = (await store.tiers.move(table, after)).last
            await store.tiers.tighten()
            searches = []
            for question in questions:
                begun = Took.now()
                await store.search(question, first=FIRST)
                searches.append(Took.now().since(begun))
            kept = await store.memories.count()
        (folder / "ballast").unlink(missing_ok=True)  # given up when the disk is full: no data
        size = sum(len(each.text.encode()) for each in told)
        assert kept > 0.99 * len(told), "told twice"
        return Measured("selfd", len(told), size, _disk(folder), ingest, searches)


def fts5(told: Sequence[NewMemory], questions: Sequence[str]) -> Measured:
    """Plain FTS5 with its Porter stemmer over its own copy of the text, OR of all words."""
    with tempfile.TemporaryDirectory(prefix="fts5-peers-") as name:
        db = sqlite3.connect(Path(name) / "fts.db")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE VIRTUAL TABLE t USING fts5(text, tokenize = 'porter')")
        begun = Took.now()
        for batch in _batches(told):
            with db:
                db.executemany("INSERT INTO t VALUES (?)", [(each.text,) for each in batch])
        ingest = Took.now().since(begun)

        def find(question: str) -> object:
            query = " OR ".join(f'"{word}"' for word in words(question) if word not in STOP_WORDS)
            statement = "SELECT text FROM t WHERE t MATCH ? ORDER BY bm25(t) LIMIT ?"
            return db.execute(statement, (query, FIRST)).fetchall() if query else []

        searches = _timed(questions, find)
        db.close()
        return _measured("FTS5", told, Path(name), ingest, searches)


def chroma(told: Sequence[NewMemory], questions: Sequence[str]) -> Measured:
    """A persistent collection with documents, sources and vectors, its own defaults."""
    import chromadb

    (embedder,) = shipped_embedders()
    with tempfile.TemporaryDirectory(prefix="chroma-peers-") as name:
        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(name, settings=settings)
        collection = client.create_collection("turns", embedding_function=None)
        begun = Took.now()
        for place, batch in enumerate(_batches(told)):
            texts = [each.text for each in batch]
            collection.add(
                ids=[f"{place * BATCH + number}" for number in range(len(batch))],
                documents=texts,
                embeddings=embedder.embed(texts),
                metadatas=[{"source": each.source or ""} for each in batch],
            )
        ingest = Took.now().since(begun)
        searches = _timed(
            questions,
            lambda question: collection.query(
                query_embeddings=embedder.embed([question]), n_results=FIRST
            ),
        )
        return _measured("Chroma", told, Path(name), ingest, searches)


def lance(told: Sequence[NewMemory], questions: Sequence[str]) -> Measured:
    """A table of texts, sources and vectors, compacted, searched without an index as by default."""
    import lancedb

    (embedder,) = shipped_embedders()
    with tempfile.TemporaryDirectory(prefix="lance-peers-") as name:
        table: Any = None
        begun = Took.now()
        db = lancedb.connect(name)
        for batch in _batches(told):
            vectors = embedder.embed([each.text for each in batch])
            made = [
                {"vector": vector, "text": each.text, "source": each.source}
                for each, vector in zip(batch, vectors, strict=True)
            ]
            if table is None:
                table = db.create_table("turns", made)
            else:
                table.add(made)
        ingest = Took.now().since(begun)
        table.optimize(cleanup_older_than=timedelta(0))
        searches = _timed(
            questions,
            lambda question: (
                table.search(embedder.embed([question])[0])
                .select(["text", "source", "_distance"])
                .limit(FIRST)
                .to_list()
            ),
        )
        return _measured("LanceDB", told, Path(name), ingest, searches)


def _measured(
    system: str,
    told: Sequence[NewMemory],
    folder: Path,
    ingest: Took,
    searches: Sequence[Took],
) -> Measured:
    size = sum(len(each.text.encode()) for each in told)
    return Measured(system, len(told), size, _disk(folder), ingest, searches)


SYSTEMS: dict[str, Callable[[Sequence[NewMemory], Sequence[str]], Measured]] = {
    "selfd": selfd,
    "FTS5": fts5,
    "LanceDB": lance,
    "Chroma": chroma,
}
_MODULES = {"LanceDB": "lancedb", "Chroma": "chromadb"}


def _is_there(system: str) -> bool:
    return importlib.util.find_spec(_MODULES.get(system, "sqlite3")) is not None


def plot(found: Sequence[Measured], path: Path) -> None:
    """Draw bytes, ingest and search side by side."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(11, 3.6))
    names = [f"{each.system}\n{each.turns // 1000}k" for each in found]
    colours = ["tab:blue" if each.system == "selfd" else "tab:gray" for each in found]
    processor = [each.turns / each.ingest.processor for each in found]
    for axis, title, values in (
        (axes[0], "bytes on disk a turn", [each.each for each in found]),
        (
            axes[1],
            "turns a second of processor time",
            processor,
        ),
        (axes[2], "search, mean ms of processor time", [each.busy for each in found]),
    ):
        axis.bar(names, values, color=colours)
        axis.set_title(title, fontsize=10)
        axis.tick_params(labelsize=7)
    axes[1].set_yscale("log")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", default="20000")
    parser.add_argument("--shortest", type=int, default=SHORTEST)
    parser.add_argument("--plot", type=Path)
    chosen = parser.parse_args(arguments)
    found = []
    sizes = [int(size) for size in chosen.sizes.split(",")]
    for each in measure_all(chosen.data, sizes, chosen.shortest):
        print(table(_rows(each)), flush=True)
        found.append(each)
    if chosen.plot:
        plot(found, chosen.plot)


if __name__ == "__main__":
    main(sys.argv[1:])
