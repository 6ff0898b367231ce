"""Which nightly backups stay: one a day for some days, and one a week for some weeks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

SUFFIX = ".selfd"
_NIGHTLY = re.compile(r"selfd-nightly-(\d{8}-\d{6})\.selfd")
_STAMP = "%Y%m%d-%H%M%S"


def backup_name(at: datetime, *, nightly: bool = False) -> str:
    """Return the name of a backup written at a moment."""
    return f"selfd-{'nightly-' if nightly else ''}{at:{_STAMP}}{SUFFIX}"


def nightly_times(names: Iterable[str]) -> Mapping[str, datetime]:
    """Return the nightly backups among some file names, with when they were written."""
    found = {}
    for name in names:
        if matched := _NIGHTLY.fullmatch(name):
            try:
                found[name] = datetime.strptime(matched[1], _STAMP).replace(tzinfo=UTC)
            except ValueError:
                continue  # digits that are no date
    return found


def surplus(names: Iterable[str], *, daily: int, weekly: int) -> list[str]:
    """Return the nightly backups that may go; files of other names are nobody's to remove.

    The newest of each of the last `daily` days that have one stay, and of those before them the
    newest of each of `weekly` weeks.
    """
    times = nightly_times(names)
    newest_first = sorted(times, key=lambda name: times[name], reverse=True)
    days: dict[object, str] = {}
    weeks: dict[object, str] = {}
    for name in newest_first:
        day, week = times[name].date(), times[name].isocalendar()[:2]
        if day in days or len(days) < daily:
            days.setdefault(day, name)
        elif len(weeks) < weekly:
            weeks.setdefault(week, name)
    kept = {*days.values(), *weeks.values()}
    return [name for name in newest_first if name not in kept]
