"""The names that many memories share, stored once: sources and tags."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from selfd_storage.database import Transaction
from selfd_storage.errors import InvalidInputError
from selfd_storage.texts import checked_label

MAX_TAGS = 64


def use_source(tx: Transaction, name: str) -> int:
    """Return the number of a source, counting one more use of it."""
    row = tx.execute(
        "INSERT INTO sources (name, uses) VALUES (:name, 1)"
        " ON CONFLICT (name) DO UPDATE SET uses = uses + 1 RETURNING id",
        {"name": checked_label(name, "source")},
    ).fetchone()
    return int(row[0])


def find_source(tx: Transaction, name: str | None) -> int | None:
    """Return the number of a source that is in use, None where there is none."""
    if name is None:
        return None
    row = tx.execute(
        "SELECT id FROM sources WHERE name = :name", {"name": checked_label(name, "source")}
    ).fetchone()
    return None if row is None else int(row[0])


def release_sources(tx: Transaction, numbers: Iterable[int | None]) -> None:
    """Count one use less for each number, and drop the sources that nothing uses any more."""
    for number in numbers:
        tx.execute("UPDATE sources SET uses = uses - 1 WHERE id = :id", {"id": number})
        tx.execute("DELETE FROM sources WHERE id = :id AND uses <= 0", {"id": number})


def tag_numbers(tx: Transaction, names: Sequence[str]) -> list[int]:
    """Return the numbers of tags in the order given, each once, making those that are new."""
    if len(names) > MAX_TAGS:
        raise InvalidInputError(f"a memory has at most {MAX_TAGS} tags, got {len(names)}")
    numbers = []
    for name in dict.fromkeys(checked_label(name, "tag") for name in names):
        row = tx.execute("SELECT id FROM tags WHERE name = :name", {"name": name}).fetchone()
        if row is None:
            row = tx.execute(
                "INSERT INTO tags (name) VALUES (:name) RETURNING id", {"name": name}
            ).fetchone()
        numbers.append(int(row[0]))
    return numbers


def pack_tags(numbers: Sequence[int]) -> str | None:
    """Return the column `tags` of a memory."""
    return json.dumps(list(numbers), separators=(",", ":")) if numbers else None


def unpack_tags(column: str | None) -> tuple[int, ...]:
    """Return the tag numbers of a column `tags`."""
    return () if column is None else tuple(json.loads(column))


def drop_unused_tags(tx: Transaction, numbers: Iterable[int]) -> None:
    """Drop those of the tags that no memory has, neither now nor in its past."""
    for number in numbers:
        tx.execute(
            "DELETE FROM tags WHERE id = :id"
            " AND NOT EXISTS (SELECT 1 FROM memory_tags WHERE tag_id = :id)"
            " AND NOT EXISTS (SELECT 1 FROM memory_versions AS v, json_each(v.tags) AS t"
            " WHERE t.value = :id)",
            {"id": number},
        )
