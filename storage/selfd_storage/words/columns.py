"""What ranking must know of every indexed document, in memory, in rows by document number.

A document is one indexed text: a memory as it was for a while, an article, a chunk of a file.
Numbers are never used again; a document that was buried stays as a hole that no search sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfd_storage.ids import CODES

A = TypeVar("A", bound=np.generic)
Docs: TypeAlias = NDArray[np.integer[Any]]
Flags: TypeAlias = NDArray[np.bool_]

BURIED = 0  # the kind of a hole; ids.py numbers kinds from 1
KINDS = max(CODES.values()) + 1
OPEN = 2**63 - 1  # the `valid_to` of what holds still


class Entry(NamedTuple):
    """One document. `parent` is its source, feed or file; `place` its time, or its line in a file.

    It holds from `valid_from` until just before `valid_to`; times are milliseconds since 1970.
    """

    kind: int
    item: int
    parent: int
    place: int
    valid_from: int
    valid_to: int
    length: int
    speaker: int
    asks: bool


_ROW = np.dtype(
    [
        ("kind", np.int8),
        ("item", np.int32),
        ("parent", np.int32),
        ("place", np.int64),
        ("valid_from", np.int64),
        ("valid_to", np.int64),
        ("length", np.int32),
        ("speaker", np.int32),
        ("asks", np.bool_),
    ]
)
_OF_ENTRY = Entry._fields


class Columns:
    """The rows of all documents; row `doc` belongs to document `doc`, row 0 to none.

    Each column lies in one piece: what a search gathers of one is then mostly in the processor's
    cache. `speakers` are the codes of all who ever spoke.
    """

    def __init__(self) -> None:
        self.count = 1
        self.speakers: set[int] = set()
        self._columns: dict[str, NDArray[Any]] = {
            name: np.zeros(1, _ROW[name]) for name in _OF_ENTRY
        }
        self._holds = np.zeros(1, np.bool_)  # is no hole, and holds now
        self._sizes = np.zeros(KINDS, np.int64)
        self._lengths = np.zeros(KINDS, np.int64)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column, up to the last document."""
        return self._columns[name][: self.count]

    def make_room(self, count: int) -> None:
        """Take memory for `count` rows at once."""
        for name, column in self._columns.items():
            self._columns[name] = _with_room(column, count)
        self._holds = _with_room(self._holds, count)

    def put(self, docs: Sequence[int], entries: Sequence[tuple[Any, ...]]) -> None:
        """Append documents under ascending numbers, all of them new; an entry has Entry's fields.

        Plain tuples do: a million entries take a second to make.
        """
        if not docs:
            return
        count, places = docs[-1] + 1, np.array(docs)
        rows = np.array(entries, _ROW)
        for name, column in self._columns.items():
            larger = self._columns[name] = grown(column, count)
            larger[places] = rows[name]
        self._holds = grown(self._holds, count)
        self._holds[places] = (rows["kind"] != BURIED) & (rows["valid_to"] == OPEN)
        self.count = count
        self.speakers.update(rows["speaker"].tolist())
        np.add.at(self._sizes, rows["kind"], 1)
        np.add.at(self._lengths, rows["kind"], rows["length"])

    def entry(self, doc: int) -> Entry:
        """Return the row of one document."""
        return Entry(*(column[doc].item() for column in self._columns.values()))

    def entries(self, docs: Docs) -> dict[int, Entry]:
        """Return the rows of some documents, by their numbers."""
        columns = (column[docs].tolist() for column in self._columns.values())
        return dict(zip(docs.tolist(), map(Entry._make, zip(*columns, strict=True)), strict=True))

    def bury(self, docs: Sequence[int]) -> None:
        """Take documents out of every search."""
        gone = np.array(docs, np.intp)
        kind = self._columns["kind"][gone]
        np.subtract.at(self._sizes, kind, 1)
        np.subtract.at(self._lengths, kind, self._columns["length"][gone])
        self._columns["kind"][gone] = BURIED
        self._holds[gone] = False

    def revise(self, doc: int, place: int, valid_to: int) -> None:
        """Change what may change in a document without changing its words."""
        self._columns["place"][doc] = place
        self._columns["valid_to"][doc] = valid_to
        self._holds[doc] = valid_to == OPEN and self._columns["kind"][doc] != BURIED

    def mean_lengths(self) -> NDArray[np.float32]:
        """Return the mean number of terms of a document, by kind; 1 at least."""
        means = np.maximum(self._lengths / np.maximum(self._sizes, 1), 1)
        return np.asarray(means, np.float32)

    def total_lengths(self) -> NDArray[np.int64]:
        """Return the number of terms in all documents, by kind."""
        return self._lengths

    def documents(self, kind: int, items: Sequence[int]) -> Docs:
        """Return the documents of some items of one kind."""
        return np.flatnonzero((self["kind"] == kind) & np.isin(self["item"], np.array(items)))

    def items_under(self, kind: int, parents: Sequence[int]) -> list[int]:
        """Return the items of one kind under some parents."""
        if not parents:
            return []  # often, and looking through all rows takes a while
        mine = (self["kind"] == kind) & np.isin(self["parent"], np.array(parents))
        return [int(item) for item in np.unique(self["item"][mine])]

    def items_between(self, kind: int, after: int, last: int | None) -> set[int]:
        """Return the items of one kind with numbers above `after` and up to `last`."""
        mine = (self["kind"] == kind) & (self["item"] > after)
        if last is not None:
            mine &= self["item"] <= last
        return set(self["item"][mine].tolist())

    def present(self) -> Docs:
        """Return the documents that hold now."""
        return np.flatnonzero(self._holds[: self.count])

    def seen(self, docs: Docs, kinds: Sequence[int] | None, moment: int | None) -> Flags:
        """Tell which documents a search sees: of some kinds, now or as of a moment."""
        wanted: Flags
        if moment is None:
            wanted = self._holds[docs]
        else:
            wanted = self["kind"][docs] != BURIED
            wanted &= (self["valid_from"][docs] <= moment) & (self["valid_to"][docs] > moment)
        if kinds is not None:
            is_wanted = np.zeros(KINDS, np.bool_)
            is_wanted[list(kinds)] = True
            wanted &= is_wanted[self["kind"][docs]]
        return wanted


def grown(array: NDArray[A], count: int) -> NDArray[A]:
    """Return an array with room for `count` elements, new ones zero; often it is the same array."""
    if count <= len(array):
        return array
    return _with_room(array, max(count, len(array) * 5 // 4, 1024))


def _with_room(array: NDArray[A], count: int) -> NDArray[A]:
    if count <= len(array):
        return array
    larger = np.zeros(count, array.dtype)
    larger[: len(array)] = array
    return larger
