"""Ids, cursors, times, texts and ranges: the small forms that everything else is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage import InvalidInputError
from selfd_storage.ids import CODES, MAX_NUMBER, NAMES, number_of, split_id
from selfd_storage.pages import MAX_PAGE, Place, checked_first, make_cursor, read_cursor
from selfd_storage.ranges import pack_ranges, unpack_ranges
from selfd_storage.texts import MAX_TEXT_BYTES, checked_label, checked_text, normalised, storable
from selfd_storage.times import from_ms, to_ms

ROWS = st.integers(-(2**63), MAX_NUMBER)


@given(st.sampled_from(sorted(CODES)), st.integers(1, MAX_NUMBER))
def test_an_id_names_its_kind_and_its_number(kind: str, number: int) -> None:
    assert split_id(f"{kind}:{number}") == (kind, number)


@pytest.mark.parametrize(
    "id",
    ["", "memory", "memory:", "memory:0", "memory:01", "memory:-1", "memory:1.5", "memory: 1",
     "memory:1 ", "memory:x", "memory:٣", "memory:²", "planet:1", "Memory:1", ":1",
     f"memory:{MAX_NUMBER + 1}", "memory:" + "9" * 400],
)  # fmt: skip
def test_what_is_no_id_is_not_taken_for_one(id: str) -> None:
    assert split_id(id) is None


def test_an_id_of_another_kind_has_no_number_here() -> None:
    assert number_of("article", "memory:1") is None


def test_codes_in_the_file_are_told_apart() -> None:
    assert len(NAMES) == len(CODES)


@given(st.sampled_from(["memory", "article", "conversation", "job"]), ROWS, ROWS)
def test_a_cursor_comes_back_as_its_place(kind: str, at: int, number: int) -> None:
    assert read_cursor(kind, make_cursor(kind, Place(at, number))) == Place(at, number)


@pytest.mark.parametrize("cursor", ["", "x", "memory:1", "bQ", "é", "=" * 24, "A" * 4000])
def test_a_bad_cursor_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(InvalidInputError, match="is no cursor of this list"):
        read_cursor("memory", cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="is no cursor of this list"):
        read_cursor("article", make_cursor("memory", Place(1, 1)))


@pytest.mark.parametrize("first", [-1, MAX_PAGE + 1])
def test_a_page_has_a_size_within_bounds(first: int) -> None:
    with pytest.raises(InvalidInputError, match=f"got {first}"):
        checked_first(first)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_its_millisecond(moment: datetime) -> None:
    found = from_ms(to_ms(moment))
    assert timedelta(0) <= moment - found < timedelta(milliseconds=1)


def test_a_moment_elsewhere_is_the_same_moment_in_utc() -> None:
    there = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert from_ms(to_ms(there)) == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="has no time zone"):
        to_ms(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "is empty"), (" \n\t", "is empty"), ("a\ud800", "lone surrogate at character 1"),
     ("x" * (MAX_TEXT_BYTES + 1), f"the limit is {MAX_TEXT_BYTES}")],
)  # fmt: skip
def test_a_text_that_cannot_be_stored_is_refused_with_the_reason(text: str, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=f"the note.*{problem}"):
        checked_text(text, "note")


def test_a_label_loses_the_blanks_around_it() -> None:
    assert checked_label(" cats ", "tag") == "cats"


def test_texts_that_differ_in_case_blanks_and_composition_are_equal() -> None:
    assert normalised("Caf\u00e9  au\nLAIT ") == normalised("cafe\u0301 au lait")


@given(st.text())
def test_a_message_with_stray_bytes_can_be_stored(text: str) -> None:
    storable(text + "\udcff").encode("utf-8")


@given(st.sets(st.integers(1, 200)))
def test_ranges_hold_exactly_their_numbers(numbers: set[int]) -> None:
    packed = pack_ranges(numbers)
    assert list(unpack_ranges(packed)) == sorted(numbers)
    assert all(left[1] + 1 < right[0] for left, right in pairwise(packed))
