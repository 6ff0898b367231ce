"""A folder of text as training batches: memory-mapped, shuffled, resumable, weighed by kind.

`prepare` writes each kind of text once as raw bytes with a table of pieces; `Corpus` reads windows
from there. Where reading stands is a small value that goes into every checkpoint. Letters: T rows,
P patches.
"""

import io
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from selfd_models.errors import CorpusError
from selfd_models.patcher import Bytes

PIECE = 16384  # bytes; documents are shuffled in pieces of at most this size
HELD_OUT = "valid"  # a file with this in its name is never trained on
BETWEEN = b"\n\n"
EXPECTED = ".expected.npy"  # (bytes, 256): the probability of each byte, by another mind

Cursor = dict[str, dict[str, int]]
"""Where each kind stands: its epoch, the piece in the epoch's order, the byte in the piece."""


@dataclass(frozen=True)
class Recipe:
    """Which records to read and how much each kind weighs.

    weights: by kind; a kind that is not named weighs nothing. None: the root of each kind's size.
    skip: names of files, without their endings, to leave out. held_out: which of the files with
    `valid` in their names to score.
    """

    weights: Mapping[str, float] | None = None
    skip: frozenset[str] = frozenset()
    held_out: str = f"*{HELD_OUT}*"


def prepare(folder: Path, cache: Path, recipe: Recipe) -> None:
    """Write `cache/KIND.bin` and `cache/KIND.npy` from a folder's .jsonl, .txt and .md files.

    A `KIND.expected.npy` in the folder, what another mind expected of each byte of that kind, comes
    along.

    Raises: CorpusError: there is no text in the folder, or expectations are not of this text.
    """
    cache.mkdir(parents=True, exist_ok=True)
    texts: dict[str, list[bytes]] = {}
    for path in _files(folder):
        stem = path.name.split(".")[0]
        if HELD_OUT in stem or stem in recipe.skip:
            continue
        for kind, text in read_records(path):
            if recipe.weights is None or recipe.weights.get(kind, 0.0) > 0.0:
                texts.setdefault(kind, []).append(text.encode())
    if not any(texts.values()):
        raise CorpusError(f"no text in {folder}: it needs .jsonl, .jsonl.zst, .txt or .md files")
    for kind, documents in texts.items():
        (cache / f"{kind}.bin").write_bytes(b"".join(documents))
        np.save(cache / f"{kind}.npy", _pieces(documents))
        expected = folder / f"{kind}{EXPECTED}"
        if expected.exists():
            rows = np.load(expected, mmap_mode="r").shape
            if rows != (sum(map(len, documents)), 256):
                raise CorpusError(f"{expected.name} has the shape {rows}, which is not its text's")
            shutil.copyfile(expected, cache / expected.name)


def read_records(path: Path) -> Iterator[tuple[str, str]]:
    """Give (kind, text) for each record; a record's kind is its `group`, `lang` or file name."""
    stem = path.name.split(".")[0]
    with _open(path) as lines:
        if ".jsonl" not in path.suffixes:
            yield stem, lines.read()
            return
        for number, line in enumerate(lines, start=1):
            try:
                record: dict[str, Any] = json.loads(line)
                text = record["text"]
            except (ValueError, KeyError, TypeError) as error:
                raise CorpusError(f"{path.name} line {number} is no record with a text") from error
            yield str(record.get("group") or record.get("lang") or stem), str(text)


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise CorpusError(f"no corpus folder at {folder}")
    endings = (".jsonl", ".jsonl.zst", ".txt", ".txt.zst", ".md")
    return sorted(path for path in folder.rglob("*") if path.name.endswith(endings))


def _open(path: Path) -> io.TextIOWrapper:
    raw: Any = path.open("rb")
    if path.suffix == ".zst":
        raw = zstandard.ZstdDecompressor().stream_reader(raw, closefd=True)
    return io.TextIOWrapper(raw, "utf-8", errors="replace")


def _pieces(documents: list[bytes]) -> NDArray[np.int64]:
    """Cut documents at line ends into pieces.   Returns: (pieces, 2), first byte and end."""
    pieces, base = [], 0
    for document in documents:
        start = 0
        while start < len(document):
            end = min(start + PIECE, len(document))
            if end < len(document):
                end = document.rfind(b"\n", start + PIECE // 2, end) + 1 or end
            pieces.append((base + start, base + end))
            start = end
        base += len(document)
    return np.array(pieces, np.int64).reshape(-1, 2)


class Corpus:
    """Windows of text by kind, in an order that the seed and the cursor fix."""

    def __init__(
        self, cache: Path, recipe: Recipe, seed: int, cursor: Mapping[str, Mapping[str, int]]
    ) -> None:
        self._seed = seed
        self._data: dict[str, Bytes] = {}
        self._pieces: dict[str, NDArray[np.int64]] = {}
        self._expected: dict[str, NDArray[np.float16]] = {}
        for path in sorted(cache.glob("*.bin")):
            if path.stat().st_size:
                self._data[path.stem] = np.memmap(path, np.uint8, mode="r")
                self._pieces[path.stem] = np.load(path.with_suffix(".npy"))
                expected = path.with_suffix(EXPECTED)
                if expected.exists():
                    self._expected[path.stem] = np.load(expected, mmap_mode="r")
        if not self._data:
            raise CorpusError(f"no prepared text in {cache}")
        self.kinds = list(self._data)
        weights = recipe.weights or {kind: len(data) ** 0.5 for kind, data in self._data.items()}
        share = np.array([weights[kind] for kind in self.kinds], np.float64)
        self.shares = share / share.sum()
        fresh = {"epoch": 0, "piece": 0, "byte": 0}
        self.cursor: Cursor = {kind: dict(cursor.get(kind, fresh)) for kind in self.kinds}
        self._orders: dict[str, tuple[int, NDArray[np.int64]]] = {}

    def choose(self, step: int, count: int) -> list[str]:
        """Choose the kinds of a step's windows, by weight."""
        rng = np.random.default_rng((self._seed, step))
        return [self.kinds[at] for at in rng.choice(len(self.kinds), count, p=self.shares)]

    def window(self, kind: str, size: int) -> Bytes:
        """Read on in one kind: up to `size` bytes, which `advance` then marks as used."""
        parts: list[bytes] = []
        length = 0
        for start, end in self._ahead(kind):
            parts.append(self._data[kind][start:end].tobytes())
            parts.append(BETWEEN)
            length += end - start + len(BETWEEN)
            if length >= size:
                break
        return np.frombuffer(b"".join(parts), np.uint8)[:size]

    @property
    def has_expectations(self) -> bool:
        """Whether there is a kind of which another mind said what it expected."""
        return bool(self._expected)

    def expected(self, kind: str, size: int) -> NDArray[np.float32]:
        """Give what another mind expected of each byte of `window`.

        Returns: (size, 256), each row's sum 1, or 0 where nobody said anything.
        """
        rows = np.zeros((size, 256), np.float32)
        filled = 0
        for start, end in self._ahead(kind) if kind in self._expected else ():
            some = self._expected[kind][start : min(end, start + size - filled)]
            rows[filled : filled + len(some)] = some
            filled += end - start + len(BETWEEN)
            if filled >= size:
                break
        rows /= np.maximum(rows.sum(axis=1, keepdims=True), np.float32(1e-6))
        return rows

    def advance(self, kind: str, used: int) -> None:
        """Move a kind's cursor past `used` bytes of its last window."""
        cursor = self.cursor[kind]
        for start, end in self._ahead(kind):
            if used < end - start:
                cursor["byte"] += used
                return
            used = max(0, used - (end - start) - len(BETWEEN))
            cursor["byte"] = 0
            cursor["piece"] += 1
            if cursor["piece"] == len(self._pieces[kind]):
                cursor["piece"] = 0
                cursor["epoch"] += 1

    def _ahead(self, kind: str) -> Iterator[tuple[int, int]]:
        """Give the pieces from the cursor on, for ever; the first without what was used of it."""
        place = dict(self.cursor[kind])
        while True:
            order = self._order(kind, place["epoch"])
            start, end = self._pieces[kind][order[place["piece"]]]
            yield int(start) + place["byte"], int(end)
            place["byte"] = 0
            place["piece"] += 1
            if place["piece"] == len(order):
                place["piece"] = 0
                place["epoch"] += 1

    def _order(self, kind: str, epoch: int) -> NDArray[np.int64]:
        known = self._orders.get(kind)
        if known is None or known[0] != epoch:
            salt = int.from_bytes(kind.encode()[:8], "little")
            rng = np.random.default_rng((self._seed, epoch, salt))
            known = (epoch, rng.permutation(len(self._pieces[kind])))
            self._orders[kind] = known
        return known[1]
