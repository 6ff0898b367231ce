"""When to ask a feed again: as often as it has news, and never sooner than its server wants."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

_OBSERVED = timedelta(days=14)
_SHORTEST_OBSERVED = timedelta(days=1)  # one post of a minute ago is no rate of one a minute
_MOMENTS = 50
_SAME_MOMENT = timedelta(minutes=5)  # ten articles at once are one visit's worth of news
_JITTER = 0.1
_LONGEST_RETRY_AFTER = timedelta(days=7)
_OFFLINE_RETRY = timedelta(hours=1)
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_NOT_FRESH = re.compile(r"(?:^|,)\s*no-(?:cache|store)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pace:
    """The bounds that the owner sets: the shortest and the longest time between two polls."""

    shortest: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        if self.longest < self.shortest:
            object.__setattr__(self, "longest", self.shortest)


def moments(times: Iterable[datetime], now: datetime) -> Sequence[datetime]:
    """Return the newest moments at which a feed had something new, newest first."""
    found: list[datetime] = []
    for at in sorted(times, reverse=True):
        if at > now or (found and found[-1] - at < _SAME_MOMENT):
            continue
        found.append(at)
        if len(found) == _MOMENTS:
            break
    return found


def interval(news: Sequence[datetime], now: datetime, pace: Pace) -> timedelta:
    """Return half the usual time between two moments of `news`, within the pace's bounds.

    The rate is taken over the last two weeks, or over what is known of them; a feed that has gone
    quiet is asked less and less often without any state but its articles.
    """
    recent = [at for at in news if now - at <= _OBSERVED]
    if not recent:
        return pace.longest
    if len(recent) < len(news):  # something older is known, so nothing in between is missing
        observed = _OBSERVED
    elif len(recent) == _MOMENTS:  # there may be more, but none between these
        observed = now - recent[-1]
    else:
        observed = max(now - recent[-1], _SHORTEST_OBSERVED)
    return min(max(observed / len(recent) / 2, pace.shortest), pace.longest)


def after_success(
    now: datetime,
    usual: timedelta,
    *,
    headers: Mapping[str, str],
    ttl: int | None,
    pace: Pace,
    rng: Random,
) -> datetime:
    """Return when to poll next; caches and publishers may ask for a longer wait, up to a day."""
    wished = max(fresh_for(headers, now), timedelta(seconds=ttl or 0))
    return now + _later(max(usual, min(wished, pace.longest)), rng)


def after_failure(
    now: datetime,
    failures: int,
    usual: timedelta,
    *,
    retry_after: str | None,
    network_down: bool,
    pace: Pace,
    rng: Random,
) -> datetime:
    """Return when to try again: later after each failure in a row.

    Args:
        failures: in a row, this one included.
        usual: the feed's interval when all is well; a failing server is not asked more often.
        retry_after: the header of that name; it can only make the wait longer.
        network_down: the fault is near us, so that the wait need not grow to a day.
    """
    back_off = pace.shortest * 2 ** min(failures - 1, 20)
    if network_down:
        return now + _later(min(back_off, max(_OFFLINE_RETRY, pace.shortest)), rng)
    wait = min(max(back_off, usual), pace.longest)
    return now + _later(max(wait, retry_delay(retry_after, now)), rng)


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Return for how long a reply is fresh by its Cache-Control or Expires, zero if unsaid."""
    control = headers.get("cache-control", "")
    if _NOT_FRESH.search(control):
        return timedelta(0)
    if match := _MAX_AGE.search(control):
        return max(timedelta(seconds=int(match[1]) - _age(headers)), timedelta(0))
    expires = _http_date(headers.get("expires"))
    if expires is None:
        return timedelta(0)
    return max(expires - (_http_date(headers.get("date")) or now), timedelta(0))


def retry_delay(value: str | None, now: datetime) -> timedelta:
    """Read a Retry-After of seconds or of a date, at most a week; zero where it says nothing."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        delay = timedelta(seconds=min(int(text[:12]), _LONGEST_RETRY_AFTER.total_seconds()))
    else:
        at = _http_date(text)
        delay = at - now if at else timedelta(0)
    return min(max(delay, timedelta(0)), _LONGEST_RETRY_AFTER)


def _age(headers: Mapping[str, str]) -> int:
    """Return how many seconds the reply has already spent in caches."""
    text = headers.get("age", "").strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else 0


def _http_date(text: str | None) -> datetime | None:
    try:
        at = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _later(wait: timedelta, rng: Random) -> timedelta:
    """Spread feeds that would be due together; whole seconds, and only ever later."""
    return timedelta(seconds=math.ceil(wait.total_seconds() * (1 + _JITTER * rng.random())))
