"""Feeds are asked as often as they have news, and never sooner than their servers want."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from selfd_daemon.feeds.polling.rhythm import (
    Pace,
    after_failure,
    after_success,
    fresh_for,
    interval,
    moments,
    retry_delay,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PACE = Pace()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def every(gap: timedelta, count: int) -> list[datetime]:
    return [NOW - gap * step for step in range(count)]


@pytest.mark.parametrize(
    ("gap", "count", "expected"),
    [
        (MINUTE, 500, 5 * MINUTE),
        (HOUR, 400, HOUR / 2),
        (6 * HOUR, 60, 3 * HOUR),
        (DAY, 30, DAY / 2),
        (3 * DAY, 10, DAY),
        (30 * DAY, 3, DAY),
    ],
)
def test_a_feed_is_asked_twice_for_each_piece_of_news_from_5_minutes_to_a_day(
    gap: timedelta, count: int, expected: timedelta
) -> None:
    found = interval(moments(every(gap, count), NOW), NOW, PACE)
    assert found == pytest.approx(expected, rel=0.08)  # the window's edges count as one more


def test_ten_hourly_items_are_an_hourly_feed_although_nothing_older_is_known() -> None:
    assert interval(moments(every(HOUR, 10), NOW), NOW, PACE) <= 90 * MINUTE


def test_one_post_of_a_minute_ago_is_no_rate_of_one_a_minute() -> None:
    assert interval([NOW - MINUTE], NOW, PACE) == DAY / 2


def test_a_feed_without_news_is_asked_once_a_day() -> None:
    assert interval([], NOW, PACE) == DAY
    assert interval([NOW - 90 * DAY], NOW, PACE) == DAY


def test_a_feed_that_goes_quiet_is_asked_less_and_less() -> None:
    news = moments(every(HOUR, 100), NOW)
    waits = [interval(news, NOW + day * DAY, PACE) for day in (0, 3, 12, 13, 20)]
    assert waits == sorted(waits)
    assert waits[0] <= HOUR
    assert waits[-1] == DAY


def test_articles_that_come_together_are_one_moment_and_the_future_is_none() -> None:
    together = [NOW - timedelta(seconds=second) for second in range(60)]
    assert moments([*together, NOW - DAY, NOW + HOUR], NOW) == [NOW, NOW - DAY]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 0),
        ({"cache-control": "max-age=600"}, 600),
        ({"cache-control": "public, Max-Age=600, must-revalidate"}, 600),
        ({"cache-control": "s-maxage=600"}, 0),
        ({"cache-control": "max-age=600, no-cache"}, 0),
        ({"cache-control": "no-store"}, 0),
        ({"cache-control": "max-age=600", "age": "500"}, 100),
        ({"cache-control": "max-age=600", "age": "700"}, 0),
        ({"cache-control": "max-age=-1"}, 0),
        ({"cache-control": "max-age=soon"}, 0),
        ({"expires": "Sat, 21 Nov 2026 13:00:00 GMT"}, 3600),
        (
            {
                "expires": "Sat, 21 Nov 2026 13:00:00 GMT",
                "date": "Sat, 21 Nov 2026 12:50:00 GMT",
            },
            600,
        ),
        ({"expires": "0"}, 0),
        ({"expires": "Sat, 21 Nov 1970 13:00:00 GMT"}, 0),
        ({"cache-control": "max-age=60", "expires": "Sat, 21 Nov 2026 13:00:00 GMT"}, 60),
    ],
)
def test_freshness_is_read_from_the_headers(headers: dict[str, str], expected: int) -> None:
    assert fresh_for(headers, NOW) == timedelta(seconds=expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        (" 120 ", 120),
        ("-5", 0),
        ("soon", 0),
        ("²", 0),
        ("Sat, 21 Nov 2026 12:10:00 GMT", 600),
        ("Sat, 21 Nov 2026 11:10:00 GMT", 0),
        ("99999999999999999999", 7 * 86_400),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_week(
    value: str | None, expected: int
) -> None:
    assert retry_delay(value, NOW) == timedelta(seconds=expected)


def next_after_success(usual: timedelta, headers: dict[str, str], ttl: int | None = None) -> float:
    at = after_success(NOW, usual, headers=headers, ttl=ttl, pace=PACE, rng=Random(1))
    return (at - NOW) / MINUTE


def test_caches_and_publishers_can_only_make_the_wait_longer_and_at_most_a_day() -> None:
    assert 30 <= next_after_success(30 * MINUTE, {}) <= 33
    assert 30 <= next_after_success(30 * MINUTE, {"cache-control": "max-age=60"}) <= 33
    assert 120 <= next_after_success(30 * MINUTE, {"cache-control": "max-age=7200"}) <= 132
    assert 180 <= next_after_success(30 * MINUTE, {}, ttl=180 * 60) <= 198
    year = {"cache-control": "max-age=31536000"}
    assert 1440 <= next_after_success(30 * MINUTE, year) <= 1584


def next_after_failure(failures: int, *, usual: timedelta = HOUR, **changes: object) -> float:
    options = {"retry_after": None, "network_down": False} | changes
    at = after_failure(NOW, failures, usual, pace=PACE, rng=Random(1), **options)  # type: ignore[arg-type]  # the two above
    return (at - NOW) / MINUTE


def test_each_failure_in_a_row_makes_the_wait_longer_up_to_a_day() -> None:
    waits = [next_after_failure(failures, usual=5 * MINUTE) for failures in range(1, 40)]
    assert waits == sorted(waits)
    assert 5 <= waits[0] <= 5.6
    assert 10 <= waits[1] <= 11
    assert 1440 <= waits[-1] <= 1584


def test_a_failing_server_is_not_asked_more_often_than_a_healthy_one() -> None:
    assert next_after_failure(1, usual=6 * HOUR) >= 360


def test_retry_after_is_kept_even_beyond_a_day() -> None:
    assert next_after_failure(1, retry_after=str(3 * 86_400)) >= 3 * 1440
    assert next_after_failure(9, retry_after="60") >= 1280


def test_without_a_network_the_wait_stays_short() -> None:
    assert next_after_failure(30, network_down=True) <= 66


def test_a_pace_cannot_contradict_itself() -> None:
    assert Pace(shortest=DAY, longest=HOUR).longest == DAY
