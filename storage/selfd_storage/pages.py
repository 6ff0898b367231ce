"""Pages of lists that grow: keyset cursors over (time, row number), newest first.

A cursor names a place, not a count, so rows that come or go elsewhere never shift a page.
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from selfd_storage.errors import InvalidInputError
from selfd_storage.records import Page

T = TypeVar("T")

MAX_PAGE = 1000
_PLACE = struct.Struct(">qq")


@dataclass(frozen=True, slots=True)
class Place:
    """A place between rows: everything after it is older, or as old with a smaller number."""

    at: int
    number: int


START = Place(2**63 - 1, 2**63 - 1)


def make_cursor(kind: str, place: Place) -> str:
    """Return the opaque cursor of a row of the list `kind`."""
    packed = kind[:1].encode("ascii") + _PLACE.pack(place.at, place.number)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def read_cursor(kind: str, cursor: str | None) -> Place:
    """Return the place that a cursor names; None is the start of the list.

    Raises:
        InvalidInputError: the text is no cursor, or one of another list.
    """
    if cursor is None:
        return START
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        packed = b""
    if len(packed) != 1 + _PLACE.size or packed[:1] != kind[:1].encode("ascii"):
        raise InvalidInputError(f"{cursor!r} is no cursor of this list: use one from its last page")
    at, number = _PLACE.unpack(packed[1:])
    return Place(at, number)


def checked_first(first: int) -> int:
    """Return the size of a page if it is one."""
    if not 0 <= first <= MAX_PAGE:
        raise InvalidInputError(f"first must be from 0 to {MAX_PAGE}, got {first}")
    return first


def make_page(
    kind: str,
    rows: Sequence[tuple[Place, T | None]],
    first: int,
    after: str | None,
    total: int,
) -> Page[T]:
    """Build a page from one row more than it holds; rows that are None could not be read."""
    shown = [(place, record) for place, record in rows[:first] if record is not None]
    return Page(
        items=[record for _, record in shown],
        cursors=[make_cursor(kind, place) for place, _ in shown],
        has_next=len(rows) > first,
        has_previous=after is not None,
        total=total,
    )
