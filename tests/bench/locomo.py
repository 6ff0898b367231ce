"""Measure how much of the evidence of LoCoMo's questions a search finds among its first ten turns.

    python tests/bench/locomo.py --data DIR [--json FILE] [--words-alone]

DIR is the folder of data sets; memory/locomo_*.jsonl.zst are read. Every dialogue is a store of its
own, every turn a memory: `Speaker: text [image: caption]`, its source the session, its time the
session's start. Nothing is tuned per dialogue. LoCoMo is CC BY-NC 4.0: measured on, not trained on.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zstandard

from selfd_models.embedding.embedder import Embedder
from selfd_storage import NewMemory, Store

if TYPE_CHECKING:
    from bench.row import Row

FIRST = 10
NOTE = "turn evidence, hybrid, default settings, one store a dialogue"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: its kind, and the share of its evidence that was found."""

    kind: str
    share: float


def rows(data: Path | None) -> list[Row]:
    """Return the figures over all questions, and over those that need several turns."""
    from bench.row import Row

    if data is None:
        return []
    asked = asyncio.run(ask_all(data))
    several = [each for each in asked if each.kind == "multi_hop"]
    return [
        Row(
            "LoCoMo, share@10", share(asked), "", 0.74, "higher", f"{NOTE}, {len(asked)} questions"
        ),
        Row("LoCoMo, all@10", whole(asked), "", 0.68, "higher", "all evidence among the ten"),
        Row("LoCoMo, multi-hop all@10", whole(several), "", 0.22, "higher"),
    ]


def share(asked: Sequence[Asked]) -> float:
    """Return the mean share of evidence found."""
    return sum(each.share for each in asked) / len(asked)


def whole(asked: Sequence[Asked]) -> float:
    """Return the share of questions whose evidence was found whole."""
    return sum(each.share == 1 for each in asked) / len(asked)


async def ask_all(data: Path, *, words_alone: bool = False) -> list[Asked]:
    """Ask every question that names its evidence."""
    embedders = () if words_alone else (Embedder.load(),)
    questions = defaultdict(list)
    for question in read(data / "memory" / "locomo_qa.jsonl.zst"):
        questions[question["conv"]].append(question)
    asked: list[Asked] = []
    for dialogue in read(data / "memory" / "locomo_conversations.jsonl.zst"):
        with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
            async with await Store.open(Path(folder), embedders=embedders) as store:
                turns = await remember(store, dialogue)
                await store.settle()
                for question in questions[dialogue["id"]]:
                    if question["evidence"]:
                        asked.append(await ask(store, turns, question))
    return asked


async def ask(store: Store, turns: Mapping[str, set[str]], question: Mapping[str, Any]) -> Asked:
    """Search for one question's evidence."""
    hits = await store.search(question["question"], first=FIRST)
    found = {turn for hit in hits for turn in turns[hit.item.id]}
    evidence = set(question["evidence"])
    return Asked(question["kind"], len(evidence & found) / len(evidence))


async def remember(store: Store, dialogue: Mapping[str, Any]) -> dict[str, set[str]]:
    """Remember a dialogue; return the turns that each memory holds, two where they say the same."""
    news, ids = [], []
    for session in dialogue["sessions"]:
        at = datetime.fromisoformat(session["iso"]).replace(tzinfo=UTC)
        for turn in session["turns"]:
            source = f"{dialogue['id']}/{session['n']}"
            news.append(NewMemory(said(turn), kind="EPISODE", source=source, at=at))
            ids.append(turn["id"])
    turns = defaultdict(set)
    for memory, id in zip(await store.memories.add_many(news), ids, strict=True):
        turns[memory.id].add(id)
    return turns


def said(turn: Mapping[str, Any]) -> str:
    """Return a turn as it is remembered."""
    caption = turn.get("image_caption")
    return f"{turn['who']}: {turn['text']}" + (f" [image: {caption}]" if caption else "")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a zstd-compressed JSON-lines file."""
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        for line in io.TextIOWrapper(stream, encoding="utf-8"):
            yield json.loads(line)


def main(arguments: Sequence[str]) -> None:
    """Print the figures, in all and by kind of question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--words-alone", action="store_true", help="without embeddings")
    chosen = parser.parse_args(arguments)
    asked = asyncio.run(ask_all(chosen.data, words_alone=chosen.words_alone))
    groups = {"all": asked, "all but adversarial": [a for a in asked if a.kind != "adversarial"]}
    groups |= {
        kind: [a for a in asked if a.kind == kind] for kind in sorted({a.kind for a in asked})
    }
    print(f"{'questions':22}{'number':>8}{'share@10':>10}{'all@10':>8}")
    for name, group in groups.items():
        print(f"{name:22}{len(group):8}{share(group):10.3f}{whole(group):8.3f}")
    if chosen.json is not None:
        figures = {
            name: {"questions": len(group), "share@10": share(group), "all@10": whole(group)}
            for name, group in groups.items()
        }
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
