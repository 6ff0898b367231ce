"""Measure the reading of facts on labelled sentences, and what it costs and finds on LoCoMo.

    python -m bench facts

Reflections are held against LoCoMo's observations: what share of the turns that they quote does an
observation rest on, beside the share of all turns, which is what chance would give.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.locomo import read
from bench.row import Row
from selfd_daemon.consolidation.extract import extract
from selfd_daemon.facts.service import FactService
from selfd_storage import MemoryRecord, NewMemory, Store
from support.facts import outcome

Session = tuple[list[NewMemory], set[int]]  # turns, and which of them observations rest on


def rows(data: Path | None) -> list[Row]:
    """Return what is right of what was found, what it costs, and what reflections quote."""
    found = []
    for name in ("tuned", "held_out"):
        seen = outcome(f"sample_{name}.txt")
        said = f"{seen.found} facts found, {seen.labelled} labelled"
        found.append(Row(f"facts that are right, {name}", seen.precision, "", 0.95, "higher", said))
        found.append(Row(f"labelled facts found, {name}", seen.recall, "", None, "higher"))
    if data is None:
        return found
    sessions = list(_sessions(read(data / "memory" / "locomo_conversations.jsonl.zst")))
    found += asyncio.run(_cost([turn for turns, _ in sessions for turn in turns]))
    return found + _quoted(sessions)


def _sessions(dialogues: Iterable[Mapping[str, Any]]) -> Iterator[Session]:
    for dialogue in dialogues:
        for session in dialogue["sessions"]:
            at = datetime.fromisoformat(session["iso"]).replace(tzinfo=UTC)
            source = f"{dialogue['id']}/{session['n']}"
            turns = [
                NewMemory(
                    f"{turn['who']}: {turn['text']}",
                    "EPISODE",
                    source=source,
                    at=at + timedelta(seconds=place),
                )
                for place, turn in enumerate(session["turns"])
            ]
            cited = {id for observation in session["observations"] for id in observation["turns"]}
            yield turns, {n for n, turn in enumerate(session["turns"]) if turn["id"] in cited}


async def _cost(turns: Sequence[NewMemory]) -> list[Row]:
    async def at_once(_: float) -> None:
        """Take no rest."""

    with tempfile.TemporaryDirectory(prefix="selfd-facts-") as folder:
        async with await Store.open(Path(folder)) as store:
            for start in range(0, len(turns), 500):
                await store.memories.add_many(turns[start : start + 500])
            before = await _size(store)
            begun = time.perf_counter()
            await FactService(store, sleep=at_once).catch_up()
            seconds = time.perf_counter() - begun
            grown = (await _size(store) - before) / len(turns)
            lookups = await _times(store)
    note = f"{len(turns):,} turns of LoCoMo"
    return [
        Row("turns read for facts a second", len(turns) / seconds, "", None, "higher", note),
        Row("bytes of graph a turn", grown, "B", None, "lower", note),
        Row("entities of a question, p50", lookups[0], "ms", None, "lower"),
        Row("items that share an entity, p50", lookups[1], "ms", None, "lower"),
    ]


async def _size(store: Store) -> int:
    await store.database.checkpoint()
    return store.database.path.stat().st_size


async def _times(store: Store) -> tuple[float, float]:
    asked, hopped = [], []
    for number in range(1, 101):
        begun = time.perf_counter()
        await store.graph.entities_in("Which instrument does Melanie play, and who is Toby?")
        asked.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        await store.graph.sharing([f"memory:{number * 30}", f"memory:{number * 30 + 5}"])
        hopped.append(time.perf_counter() - begun)
    return sorted(asked)[50] * 1e3, sorted(hopped)[50] * 1e3


def _quoted(sessions: Sequence[Session]) -> list[Row]:
    right = quoted = cited = total = 0
    for turns, observed in sessions:
        records = [_record(number, turn) for number, turn in enumerate(turns)]
        chosen = extract(records)
        right += sum(int(each.memory_id) in observed for each in chosen)
        quoted += len(chosen)
        cited += len(observed)
        total += len(turns)
    note = f"{quoted} quotes; {cited / total:.2f} of all turns are"
    return [Row("quoted turns that matter", right / quoted, "", None, "higher", note)]


def _record(number: int, turn: NewMemory) -> MemoryRecord:
    at = turn.at or datetime.now(UTC)
    return MemoryRecord(
        str(number), "EPISODE", turn.text, (), turn.source, at, at, at, 1, None, 0.5
    )
