"""Items of any kind by id: memories, articles, chunks and thoughts in one list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from selfd_storage._sqlite import sqlite3
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import split_id
from selfd_storage.memory.rows import read_by_ids
from selfd_storage.reading.articles import read_articles
from selfd_storage.reading.documents import read_chunks
from selfd_storage.reading.records import ArticleRecord
from selfd_storage.records import Item
from selfd_storage.self_model.thoughts import read_thoughts

Reader = Callable[[sqlite3.Connection, Sequence[int]], Mapping[int, Item]]
READERS: dict[str, Reader] = {
    "memory": read_by_ids,
    "article": read_articles,
    "chunk": read_chunks,
    "thought": read_thoughts,
}


def text_of(item: Item) -> str:
    """Return what an item says, as far as it can be searched."""
    if isinstance(item, ArticleRecord):
        return f"{item.title}\n{item.text or item.summary}"
    return item.text


def read_items(
    db: sqlite3.Connection,
    ids: Sequence[str],
    on_damage: Callable[[str], None],
    as_of: int | None = None,
    now: int | None = None,
) -> list[Item | None]:
    """Return items in the order of `ids`, None where there is none or it is damaged.

    Memories are as they were at `as_of`; the others have no past.
    """
    readers = READERS | {"memory": partial(read_by_ids, as_of=as_of, now=now)}
    wanted: defaultdict[str, list[int]] = defaultdict(list)
    for id in ids:
        parts = split_id(id)
        if parts is not None and parts[0] in READERS:
            wanted[parts[0]].append(parts[1])
    found = {
        item.id: item
        for kind, numbers in wanted.items()
        for item in _readable(db, readers[kind], numbers, on_damage)
    }
    return [found.get(id) for id in ids]


def _readable(
    db: sqlite3.Connection,
    read: Reader,
    numbers: Sequence[int],
    on_damage: Callable[[str], None],
) -> list[Item]:
    """Read many at once; one by one where one of them is damaged."""
    try:
        return list(read(db, numbers).values())
    except IntegrityError as error:
        if len(numbers) == 1:
            on_damage(error.id)
            return []
    return [item for number in numbers for item in _readable(db, read, [number], on_damage)]
