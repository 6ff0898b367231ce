"""Learning a dictionary from the rows of a store, and measuring what it would save."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selfd_storage._sqlite import sqlite3
from selfd_storage.packing.codecs import Packer, decode
from selfd_storage.packing.dictionaries import Dictionary, learn, train
from selfd_storage.packing.records import PackedContent

SAMPLE_BYTES = 4 * 1024 * 1024
SAMPLE_ROWS = 20_000
LONGEST_SAMPLE = 8 * 1024
HELD_OUT = 10  # of so many samples one is kept from the training, to measure the gain

_TABLES: Mapping[PackedContent, str] = {
    "memory": "memories",
    "chunk": "chunks",
    "article": "articles",
    "message": "messages",
}
_SIZES = {
    content: f"SELECT id, min(size, {LONGEST_SAMPLE}) FROM {table} ORDER BY id"  # noqa: S608 - a name of ours
    for content, table in _TABLES.items()
}
_TEXTS = {
    content: f"SELECT hash, codec, size, body FROM {table} WHERE id = :id"  # noqa: S608 - a name of ours
    for content, table in _TABLES.items()
}
_HASHES = {
    content: f"SELECT id, hash FROM {table} WHERE id IN (SELECT value FROM json_each(:ids))"  # noqa: S608 - a name of ours
    for content, table in _TABLES.items()
}


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts evenly chosen among all, by their numbers, their rows' hashes, the bytes of all."""

    texts: Mapping[int, bytes]
    hashes: Mapping[int, bytes]
    all_bytes: int


@dataclass(frozen=True, slots=True)
class LearnedDictionary:
    """What came of it: `gain` is the share of bytes saved, what the dictionary takes included."""

    body: bytes | None
    samples: Sequence[int]
    gain: float


def read_sample(db: sqlite3.Connection, content: PackedContent) -> Sample:
    """Choose texts to learn from; damaged ones teach nothing."""
    sizes = db.execute(_SIZES[content]).fetchall()
    total = sum(size for _, size in sizes)
    step = max(1, -(-len(sizes) // SAMPLE_ROWS), -(-total // SAMPLE_BYTES))
    texts, hashes = {}, {}
    for number, _ in sizes[::step]:
        hash, *body = db.execute(_TEXTS[content], {"id": number}).fetchone()
        try:
            raw = decode(*body)
        except ValueError:
            continue
        texts[number], hashes[number] = raw[:LONGEST_SAMPLE], hash
    return Sample(texts, hashes, total)


def still_stands(db: sqlite3.Connection, content: PackedContent, sample: Sample) -> bool:
    """Tell whether nothing of a sample was changed or forgotten since it was read."""
    ids = json.dumps(list(sample.hashes))
    return dict(db.execute(_HASHES[content], {"ids": ids}).fetchall()) == sample.hashes


def learn_from(sample: Sample, current: Dictionary | None) -> LearnedDictionary:
    """Train on most of a sample and compare with the dictionary in use on the rest."""
    numbers = list(sample.texts)
    held_out = numbers[::HELD_OUT]
    trained = sorted(set(numbers) - set(held_out))
    body = train([sample.texts[number] for number in trained])
    if body is None:
        return LearnedDictionary(None, (), 0.0)
    before, after, raw = Packer(current), Packer(learn(0, body)), 0
    bytes_before, bytes_after = 0, 0
    for number in held_out:
        text = sample.texts[number]
        raw += len(text)
        bytes_before += len(before.pack(text).data)
        bytes_after += len(after.pack(text).data)
    share = sample.all_bytes / max(1, raw)
    all_before = bytes_before * share + (0 if current is None else len(current.data))
    all_after = bytes_after * share + len(body)
    return LearnedDictionary(body, trained, 1 - all_after / all_before if all_before else 0.0)
