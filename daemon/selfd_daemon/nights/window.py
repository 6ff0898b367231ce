"""The hours of the night: when the next one begins and ends, and whether one was slept through."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from selfd_daemon.errors import SettingError

CATCH_UP = timedelta(hours=16)  # after its window, a night that was missed may still be made up for


@dataclass(frozen=True, slots=True)
class Hours:
    """One night's window, as aware local times. `day` is the date on which it begins."""

    day: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The same hours every night, by the clock here; they may go over midnight."""

    start: time
    end: time

    @classmethod
    def parse(cls, text: str) -> Window:
        """Read `01:00-06:00`.   Raises: SettingError: it is something else."""
        found = re.fullmatch(r"(\d\d?):(\d\d)-(\d\d?):(\d\d)", text.replace(" ", ""))
        numbers = [int(part) for part in found.groups()] if found else []
        if not found or max(numbers[0::2]) > 23 or max(numbers[1::2]) > 59:
            raise SettingError(f"nights.window must be like 01:00-06:00, got {text!r}")
        return cls(time(numbers[0], numbers[1]), time(numbers[2], numbers[3]))

    def hours(self, now: datetime) -> Hours:
        """Return the window that is open at a local moment, or else the next one."""
        for ahead in (-1, 0, 1):
            found = self._on(now + timedelta(days=ahead))
            if now < found.end:
                return found
        raise AssertionError("a window ends within two days")

    def missed(self, now: datetime) -> Hours | None:
        """Return the window that closed last, if it may still be made up for."""
        for back in (0, 1, 2):
            found = self._on(now - timedelta(days=back))
            if found.end <= now:
                return found if now - found.end < CATCH_UP else None
        return None

    def _on(self, moment: datetime) -> Hours:
        day = moment.date()
        ends = day if self.end > self.start else day + timedelta(days=1)
        zone = moment.tzinfo
        return Hours(
            day.isoformat(),
            datetime.combine(day, self.start, zone),
            datetime.combine(ends, self.end, zone),
        )
