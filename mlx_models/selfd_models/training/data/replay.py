"""A little of the text that the shipped model learned from, so that a fine-tune does not forget it.

`weights/replay.jsonl.zst` holds passages to learn again beside what is new; `weights/old.jsonl.zst`
holds pieces that no training ever shows, on which a candidate must be as good as its parent. Each
record has its kind, source and licence; NOTICE names them all.

`python -m selfd_models.training.data.replay DIR` makes both again from the model's text.
"""

import argparse
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

from selfd_models.training.data.corpus import HELD_OUT

FOLDER = Path(__file__).parents[2] / "weights"
REPLAY = FOLDER / "replay.jsonl.zst"
OLD = FOLDER / "old.jsonl.zst"
SEED = 7353
DOCUMENT = 3000  # bytes of a replayed document at most: many voices rather than long ones
EACH = 100_000  # bytes of each kind
PIECE = 4096  # bytes of a piece of the fixed old set
PIECES = 2  # of each kind
_KEPT = ("group", "id", "src", "licence", "title")

Record = Mapping[str, Any]


def read_sample(path: Path) -> list[dict[str, Any]]:
    """Read the records of a .jsonl.zst file."""
    with path.open("rb") as file:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        return [json.loads(line) for line in lines]


def write_sample(path: Path, records: Iterable[Record]) -> int:
    """Write records as .jsonl.zst.   Returns: the file's size."""
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(zstandard.ZstdCompressor(level=19).compress(lines.encode()))
    return path.stat().st_size


def choose_replay(records: list[Record], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Give a passage of each of some documents, in random order, until there is enough."""
    left = EACH
    for at in rng.permutation(len(records)):
        text = records[at]["text"]
        start = int(rng.integers(0, max(1, len(text) - DOCUMENT)))
        start = text.find("\n", start) + 1 if start else 0
        passage = text[start : start + DOCUMENT].strip()
        if len(passage) < DOCUMENT // 10:
            continue
        yield _cut(records[at], passage)
        left -= len(passage.encode())
        if left < 0:
            return


def choose_old(records: list[Record], rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Give pieces of one kind's held-out documents, joined and evenly spread."""
    joined = "\n\n".join(str(record["text"]) for record in records).encode()
    room = len(joined) - PIECE
    sources = {
        name: "; ".join(sorted({str(record[name]) for record in records if name in record}))
        for name in ("src", "licence")
    }
    for at in np.linspace(rng.integers(0, room // PIECES), room, PIECES, endpoint=False):
        passage = joined[int(at) : int(at) + PIECE].decode(errors="ignore")
        yield {"group": records[0]["group"], **sources, "text": passage}


def _cut(record: Record, text: str) -> dict[str, Any]:
    return {name: record[name] for name in _KEPT if name in record} | {"text": text}


def make(folder: Path) -> str:
    """Make both files from `en_train_*` and `en_valid`; tell their sizes."""
    rng = np.random.default_rng(SEED)
    replay = [
        chosen
        for path in sorted(folder.glob("en_train_*.jsonl.zst"))
        for chosen in choose_replay(list(read_sample(path)), rng)
    ]
    held_out: dict[str, list[Record]] = {}
    for path in sorted(folder.glob(f"en_{HELD_OUT}*.jsonl.zst")):
        for record in read_sample(path):
            held_out.setdefault(record["group"], []).append(record)
    old = [chosen for kind in sorted(held_out) for chosen in choose_old(held_out[kind], rng)]
    sizes = [write_sample(REPLAY, replay), write_sample(OLD, old)]
    return f"{REPLAY.name}: {sizes[0] / 1e3:.0f} kB, {OLD.name}: {sizes[1] / 1e3:.0f} kB"


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="selfd_models.training.data.replay", description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of the model's text")
    sys.stdout.write(make(parser.parse_args().folder) + "\n")


if __name__ == "__main__":
    main()
