"""The span of time that a question names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from selfd_storage.language.cues import span_of
from selfd_storage.language.holidays import easter
from selfd_storage.times import from_ms

NOW = datetime(2024, 3, 15, 12, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("what happened on 2024-02-29?", "2024-02-29", "2024-03-01"),
        ("what did she do on 5 July, 2023", "2023-07-05", "2023-07-06"),
        ("on July 5th, 2023, we left", "2023-07-05", "2023-07-06"),
        ("the 3rd of Jan", "2024-01-03", "2024-01-04"),
        ("in December 2023", "2023-12-01", "2024-01-01"),
        ("what was in May", "2023-05-01", "2023-06-01"),
        ("in March", "2024-03-01", "2024-04-01"),
        ("in 2021", "2021-01-01", "2022-01-01"),
        ("what did I say yesterday", "2024-03-14", "2024-03-15"),
        ("today", "2024-03-15", "2024-03-16"),
        ("on Monday", "2024-03-11", "2024-03-12"),
        ("last Friday", "2024-03-08", "2024-03-09"),
        ("last week", "2024-03-04", "2024-03-11"),
        ("this month", "2024-03-01", "2024-04-01"),
        ("last month", "2024-02-01", "2024-03-01"),
        ("last year", "2023-01-01", "2024-01-01"),
        ("two weeks ago", "2024-02-27", "2024-03-05"),
        ("a day ago", "2024-03-14", "2024-03-15"),
        ("last weekend", "2024-03-09", "2024-03-11"),
        ("in the past three weeks", "2024-02-24", "2024-03-16"),
        ("over the last 10 days", "2024-03-06", "2024-03-16"),
        ("what did we eat at Christmas", "2023-12-24", "2023-12-27"),
        ("before Christmas", "0001-01-01", "2023-12-24"),
        ("at Easter 2022", "2022-04-15", "2022-04-19"),
        ("on New Year's Eve", "2023-12-31", "2024-01-01"),
        ("last summer", "2023-06-01", "2023-09-01"),
        ("in winter", "2023-12-01", "2024-03-01"),
        ("on Thanksgiving", "2023-11-23", "2023-11-27"),
        ("since January", "2024-01-01", "2024-03-15"),
        ("after May 2023", "2023-06-01", "2024-03-15"),
        ("until 2020", "0001-01-01", "2020-01-01"),
        ("between March and May 2023", "2023-03-01", "2023-06-01"),
        ("from 2019 to 2021", "2019-01-01", "2022-01-01"),
        ("before last Friday", "0001-01-01", "2024-03-08"),
    ],
)
def test_a_span_is_read(text: str, start: str, end: str) -> None:
    span = span_of(text, NOW)
    assert span is not None
    assert (from_ms(span.start).date().isoformat(), from_ms(span.end).date().isoformat()) == (
        start,
        end,
    )


@pytest.mark.parametrize(
    "text",
    [
        "May I come in",
        "march on Rome",
        "spring onions",
        "a fall",
        "the 45th floor",
        "2023-13-45",
        "3",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert span_of(text, NOW) is None


@pytest.mark.parametrize(
    ("year", "day"), [(1961, "1961-04-02"), (2000, "2000-04-23"), (2024, "2024-03-31")]
)
def test_easter_is_where_the_calendar_has_it(year: int, day: str) -> None:
    assert easter(year).isoformat() == day


def test_a_day_that_does_not_exist_falls_back_to_its_month() -> None:
    span = span_of("on 31 June 2020", NOW)
    assert span is not None
    assert from_ms(span.start).date().isoformat() == "2020-06-01"


def test_a_span_before_all_dates_is_none() -> None:
    assert span_of("999 years ago", datetime(900, 1, 1, tzinfo=UTC)) is None
