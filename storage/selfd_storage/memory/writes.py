"""Writing memories inside a transaction: new ones, folded ones, changed ones, forgotten ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from selfd_storage.database import Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.graph.rows import detach
from selfd_storage.ids import make_id
from selfd_storage.language.wording import Wording, fingerprint_of_memory, wording_of
from selfd_storage.memory.labels import (
    drop_unused_tags,
    find_source,
    pack_tags,
    release_sources,
    tag_numbers,
    unpack_tags,
    use_source,
)
from selfd_storage.memory.records import NewMemory
from selfd_storage.memory.reflection_rows import drop_reflection, reflections_over
from selfd_storage.memory.rows import KINDS
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.talking.citations import redact
from selfd_storage.texts import checked_text
from selfd_storage.times import to_ms


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """A memory as it lies there, with its text unpacked and checked."""

    number: int
    kind: int
    at: int
    recorded_at: int | None
    updated_at: int | None
    source_id: int | None
    tags: tuple[int, ...]
    occurrences: int
    raw: bytes

    @property
    def valid_from(self) -> int:
        """Return when the present text and tags began to hold."""
        if self.updated_at is not None:
            return self.updated_at
        return self.at if self.recorded_at is None else self.recorded_at

    @property
    def fingerprint(self) -> int:
        """Return what proposes this memory as the twin of a new one."""
        return fingerprint_of_memory(self.kind, self.source_id, self.wording)

    @property
    def wording(self) -> Wording:
        """Return what it says."""
        return wording_of(self.raw.decode("utf-8"))


def load(tx: Transaction, number: int) -> MemoryRow | None:
    """Return the memory with this number, None where there is none.

    Raises:
        IntegrityError: it is damaged.
    """
    row = tx.execute(
        "SELECT kind, at, recorded_at, updated_at, source_id, tags, occurrences,"
        " codec, size, hash, body FROM memories WHERE id = :id",
        {"id": number},
    ).fetchone()
    if row is None:
        return None
    kind, at, recorded_at, updated_at, source_id, tags, occurrences, *body = row
    meaning = (kind, at, recorded_at, source_id, tags)
    raw = unpack(make_id("memory", number), "memory", *body, *meaning)
    numbers = unpack_tags(tags)
    return MemoryRow(
        number, kind, at, recorded_at, updated_at, source_id, numbers, occurrences, raw
    )


def insert(tx: Transaction, new: NewMemory, now: int) -> int:
    """Store a memory, or fold it into the one that says the same; return its number."""
    raw = checked_text(new.text, "text")
    at = now if new.at is None else to_ms(new.at)
    says = wording_of(new.text)
    twin = next(twins(tx, new, says), None)
    if twin is not None:
        _fold(tx, twin, new, raw, at, now)
        return twin.number
    kind = KINDS[new.kind]
    recorded_at = None if at == now else now
    source_id = None if new.source is None else use_source(tx, new.source)
    tags = tag_numbers(tx, new.tags)
    packed_tags = pack_tags(tags)
    cursor = tx.execute(
        "INSERT INTO memories (kind, at, recorded_at, source_id, tags, occurrences, surprise,"
        " tier, codec, dictionary, size, hash, body)"
        " VALUES (:kind, :at, :recorded_at, :source_id, :tags, 1, :surprise,"
        " :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "kind": kind,
            "at": at,
            "recorded_at": recorded_at,
            "source_id": source_id,
            "tags": packed_tags,
            "surprise": None if new.surprise is None else round(new.surprise * 1000),
            **pack("memory", raw, kind, at, recorded_at, source_id, packed_tags),
        },
    )
    number = int(cursor.lastrowid)
    tag(tx, number, at, tags)
    propose(tx, number, fingerprint_of_memory(kind, source_id, says))
    tx.emit("memory.added", make_id("memory", number))
    return number


def change(tx: Transaction, old: MemoryRow, raw: bytes, tags: Sequence[int], now: int) -> None:
    """Give a memory another text or other tags, keeping what it was for a look at the past."""
    valid_to = max(now, old.valid_from)
    was = pack_tags(old.tags)
    tx.execute(
        "INSERT INTO memory_versions (memory_id, valid_from, valid_to, tags,"
        " tier, codec, dictionary, size, hash, body)"
        " VALUES (:memory_id, :valid_from, :valid_to, :tags,"
        " :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "memory_id": old.number,
            "valid_from": old.valid_from,
            "valid_to": valid_to,
            "tags": was,
            **pack("version", old.raw, old.number, old.valid_from, valid_to, was),
        },
    )
    becomes = pack_tags(tags)
    tx.execute(
        "UPDATE memories SET updated_at = :now, tags = :tags, tier = :tier, codec = :codec,"
        " dictionary = :dictionary, size = :size, hash = :hash, body = :body WHERE id = :id",
        {
            "id": old.number,
            "now": valid_to,
            "tags": becomes,
            **pack("memory", raw, old.kind, old.at, old.recorded_at, old.source_id, becomes),
        },
    )
    _untag(tx, old.number, old.at, old.tags)
    tag(tx, old.number, old.at, tags)
    _withdraw(tx, old.number, old.fingerprint)
    says = wording_of(raw.decode("utf-8"))
    propose(tx, old.number, fingerprint_of_memory(old.kind, old.source_id, says))


def erase(tx: Transaction, number: int) -> bool:
    """Remove everything that was ever kept of a memory; False where there is none."""
    row = tx.execute(
        "SELECT at, source_id, tags FROM memories WHERE id = :id", {"id": number}
    ).fetchone()
    if row is None:
        return False
    at, source_id, tags = row
    values = {"id": number}
    told_again = tx.execute(
        "SELECT source_id FROM memory_occurrences WHERE memory_id = :id", values
    ).fetchall()
    former = tx.execute("SELECT tags FROM memory_versions WHERE memory_id = :id", values).fetchall()
    try:
        present = load(tx, number)
        _withdraw(tx, number, present.fingerprint if present else None)
    except IntegrityError:
        _withdraw(tx, number, None)  # a damaged memory can be forgotten too
    _untag(tx, number, at, unpack_tags(tags))
    tx.execute("DELETE FROM memory_occurrences WHERE memory_id = :id", values)
    tx.execute("DELETE FROM memory_versions WHERE memory_id = :id", values)
    tx.execute("DELETE FROM memories WHERE id = :id", values)
    release_sources(tx, [source_id, *(each[0] for each in told_again)])
    drop_unused_tags(
        tx, {tag for each in [tags, *(f[0] for f in former)] for tag in unpack_tags(each)}
    )
    redact(tx, "memory", number)
    detach(tx, "memory", [number])
    drop_reflection(tx, number)
    tx.emit("memory.forgotten", make_id("memory", number))
    for reflection in reflections_over(tx, number):
        erase(tx, reflection)  # it quotes what is gone; the next night writes another
    return True


def twins(tx: Transaction, new: NewMemory, says: Wording) -> Iterator[MemoryRow]:
    """Yield the memories of the same kind that say the same; short ones of the same source only."""
    kind = KINDS[new.kind]
    source_id = find_source(tx, new.source)
    if new.source is not None and source_id is None and not says.is_telling:
        return
    for number in proposed_twins(tx, kind, source_id, says):
        try:
            row = load(tx, number)
        except IntegrityError:
            continue  # a damaged memory takes no twin in
        if (
            row is not None
            and row.kind == kind
            and (says.is_telling or row.source_id == source_id)
            and row.wording.same_as(says)
        ):
            yield row


def proposed_twins(
    tx: Transaction, kind: int, source_id: int | None, says: Wording
) -> Sequence[int]:
    """Return the memories that may say the same."""
    rows = tx.execute(
        "SELECT memory_id FROM memory_fingerprints WHERE fingerprint = :fingerprint",
        {"fingerprint": fingerprint_of_memory(kind, source_id, says)},
    ).fetchall()
    return [number for (number,) in rows]


def _fold(tx: Transaction, twin: MemoryRow, new: NewMemory, raw: bytes, at: int, now: int) -> None:
    """Count one more telling of a memory and keep what was special about it."""
    tx.execute(
        "INSERT INTO memory_occurrences (memory_id, number, at, recorded_at, source_id, text)"
        " VALUES (:id, :number, :at, :now, :source_id, :text)",
        {
            "id": twin.number,
            "number": twin.occurrences + 1,
            "at": at,
            "now": now,
            "source_id": None if new.source is None else use_source(tx, new.source),
            "text": None if raw == twin.raw else new.text,
        },
    )
    tx.execute(
        "UPDATE memories SET occurrences = occurrences + 1 WHERE id = :id", {"id": twin.number}
    )
    added = [tag for tag in tag_numbers(tx, new.tags) if tag not in twin.tags]
    if added:
        change(tx, twin, twin.raw, [*twin.tags, *added], now)
    tx.emit("memory.merged", make_id("memory", twin.number))


def propose(tx: Transaction, number: int, fingerprint: int) -> None:
    """Have a memory proposed as a twin."""
    tx.execute(
        "INSERT INTO memory_fingerprints (fingerprint, memory_id) VALUES (:fingerprint, :id)",
        {"fingerprint": fingerprint, "id": number},
    )


def _withdraw(tx: Transaction, number: int, fingerprint: int | None) -> None:
    tx.execute(
        "DELETE FROM memory_fingerprints WHERE memory_id = :id"
        " AND (:fingerprint IS NULL OR fingerprint = :fingerprint)",
        {"fingerprint": fingerprint, "id": number},
    )


def tag(tx: Transaction, number: int, at: int, tags: Sequence[int]) -> None:
    """Have a memory found by its tags."""
    for each in tags:
        tx.execute(
            "INSERT INTO memory_tags (tag_id, at, memory_id) VALUES (:tag, :at, :id)",
            {"tag": each, "at": at, "id": number},
        )


def _untag(tx: Transaction, number: int, at: int, tags: Sequence[int]) -> None:
    for tag in tags:
        tx.execute(
            "DELETE FROM memory_tags WHERE tag_id = :tag AND at = :at AND memory_id = :id",
            {"tag": tag, "at": at, "id": number},
        )
