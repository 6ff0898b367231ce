"""What ranking must know of every indexed document, in memory, in rows by document number.

A document is one indexed text: a memory as it was for a while, an article, a chunk of a file.
Numbers are never used again; a document that was buried stays as a hole that no search sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


class Columns:
    """The rows of all documents; row `doc` belongs to document `doc`, row 0 to none."""

    def __init__(self) -> None:
        self.count = 1
        self._rows: NDArray[Any] = np.zeros(1, _ROW)
        self._sizes = np.zeros(KINDS, np.int64)
        self._lengths = np.zeros(KINDS, np.int64)

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column, up to the last document."""
        column: NDArray[Any] = self._rows[name][: self.count]
        return column

    def make_room(self, count: int) -> None:
        """Take memory for `count` rows at once."""
        if count > len(self._rows):
            larger = np.zeros(count, _ROW)
            larger[: len(self._rows)] = self._rows
            self._rows = larger

    def put(self, docs: Sequence[int], entries: Iterable[Entry]) -> None:
        """Append documents under ascending numbers, all of them new."""
        if not docs:
            return
        self._rows = grown(self._rows, docs[-1] + 1)
        rows = np.array(list(entries), _ROW)
        self._rows[np.array(docs)] = rows
        self.count = docs[-1] + 1
        np.add.at(self._sizes, rows["kind"], 1)
        np.add.at(self._lengths, rows["kind"], rows["length"])

    def entry(self, doc: int) -> Entry:
        """Return the row of one document."""
        return Entry(*self._rows[doc].item())

    def bury(self, docs: Sequence[int]) -> None:
        """Take documents out of every search."""
        gone = self._rows[list(docs)]
        np.subtract.at(self._sizes, gone["kind"], 1)
        np.subtract.at(self._lengths, gone["kind"], gone["length"])
        self._rows["kind"][list(docs)] = BURIED

    def revise(self, doc: int, place: int, valid_to: int) -> None:
        """Change what may change in a document without changing its words."""
        self._rows["place"][doc] = place
        self._rows["valid_to"][doc] = valid_to

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
        return np.flatnonzero((self["kind"] != BURIED) & (self["valid_to"] == OPEN))

    def seen(self, docs: Docs, kinds: Sequence[int] | None, moment: int | None) -> Flags:
        """Tell which documents a search sees: of some kinds, now or as of a moment."""
        kind, valid_to = self["kind"][docs], self["valid_to"][docs]
        wanted: Flags = kind != BURIED
        if kinds is not None:
            wanted = np.isin(kind, np.array(kinds, np.int8))
        if moment is None:
            wanted &= valid_to == OPEN
        else:
            wanted &= (self["valid_from"][docs] <= moment) & (valid_to > moment)
        return wanted


def grown(array: NDArray[A], count: int) -> NDArray[A]:
    """Return an array with room for `count` elements, new ones zero; often it is the same array."""
    if count <= len(array):
        return array
    larger = np.zeros(max(count, len(array) * 5 // 4, 1024), array.dtype)
    larger[: len(array)] = array
    return larger
