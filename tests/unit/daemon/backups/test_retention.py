"""Nightly backups make room, the right ones, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from selfd_daemon.backups.retention import backup_name, nightly_times, surplus

START = datetime(2026, 1, 1, 3, tzinfo=UTC)  # a Thursday


def nights(count: int) -> list[str]:
    return [backup_name(START + timedelta(days=n), nightly=True) for n in range(count)]


def kept(names: list[str]) -> list[str]:
    gone = set(surplus(names, daily=7, weekly=4))
    return [f"{nightly_times([name])[name]:%m-%d}" for name in names if name not in gone]


def test_seven_days_and_four_weeks_before_them_are_kept() -> None:
    assert kept(nights(60)) == [
        "02-01", "02-08", "02-15", "02-22",
        "02-23", "02-24", "02-25", "02-26", "02-27", "02-28", "03-01",
    ]  # fmt: skip


def test_night_after_night_the_same_rule_leaves_a_backup_of_each_week() -> None:
    lying: list[str] = []
    for name in nights(90):
        lying.append(name)
        gone = set(surplus(lying, daily=7, weekly=4))
        lying = [each for each in lying if each not in gone]
    times = sorted(nightly_times(lying).values())
    assert len(times) == 11
    assert times[-1] - times[0] >= timedelta(days=21)


def test_a_week_of_silence_removes_nothing_that_is_still_the_newest() -> None:
    names = [backup_name(START + timedelta(days=30 * n), nightly=True) for n in range(5)]
    assert surplus(names, daily=7, weekly=4) == []


def test_of_several_in_one_day_the_newest_stays() -> None:
    names = [backup_name(START + timedelta(hours=n), nightly=True) for n in range(3)]
    assert surplus(names, daily=7, weekly=4) == [names[1], names[0]]


def test_only_nightly_backups_are_ours_to_remove() -> None:
    others = ["letter.txt", backup_name(START), "selfd-nightly-99999999-999999.selfd", "selfd.db"]
    assert surplus([*others, *nights(40)], daily=1, weekly=0) == nights(40)[-2::-1]
