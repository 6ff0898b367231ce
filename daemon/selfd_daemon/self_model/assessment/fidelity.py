"""Report fidelity: twenty questions about its own state, each answer against telemetry.

The answers are those that `ask` gives. The telemetry comes by another way than the self-model's:
from psutil and the kernel, from counts of rows, and from the weights as the examiner read them.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import psutil

from selfd_daemon.self_model.assessment.verdicts import measured
from selfd_daemon.self_model.introspection.answers import FIDELITY, QUESTIONS, SelfAnswer
from selfd_daemon.self_model.measures.identity import BORN
from selfd_daemon.settings import Settings
from selfd_storage import SelfTestRecord, Store

THRESHOLD = 0.95
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2} at \d{2}:\d{2}")
_MEGA = 1e6

Ask = Callable[[str], Awaitable[SelfAnswer | None]]


@dataclass(frozen=True, slots=True)
class Check:
    """One question and what is true; a number may be off by `tolerance`, absolutely."""

    question: str
    truth: float | str | datetime
    tolerance: float = 0.0

    def holds(self, answer: str) -> bool:
        """Tell whether an answer says what is true."""
        if isinstance(self.truth, str):
            return self.truth.lower() in answer.lower()
        if isinstance(self.truth, datetime):
            return self._names(self.truth, answer)
        number = _NUMBER.search(answer)
        if number is None:
            return False
        return abs(float(number[0].replace(",", "")) - self.truth) <= self.tolerance

    def _names(self, truth: datetime, answer: str) -> bool:
        found = _MOMENT.search(answer)
        if found is None:
            return False
        said = datetime.strptime(found[0], "%Y-%m-%d at %H:%M")
        return abs(said - truth.replace(tzinfo=None)) <= timedelta(seconds=60 + self.tolerance)


async def report_fidelity(
    ask: Ask,
    store: Store,
    settings: Settings,
    *,
    fingerprint: str | None,
    started: datetime,
) -> SelfTestRecord:
    """Ask, compare, and name the answers that were wrong.

    Args:
        fingerprint: of the weights that serve, recomputed from their arrays; None where there are
            none.
        started: when the daemon started, by its monotonic clock.
    """
    checks = [
        *await _of_the_store(store, settings, started),
        Check("Which weights do you serve with?", fingerprint or "none"),
        *_of_the_machine(settings.data_dir),  # last, so that it is as fresh as the answers
    ]
    assert len(checks) == QUESTIONS
    wrong = []
    for check in checks:
        answer = await ask(check.question)
        if answer is None or not check.holds(answer.text):
            said = "nothing" if answer is None else answer.text
            wrong.append(f"{check.question} It said {said!r}, telemetry says {check.truth!s}")
    right = len(checks) - len(wrong)
    told = f"{right} of {len(checks)} answers about its own state agree with telemetry."
    return measured(FIDELITY, right / len(checks), THRESHOLD, " ".join([told, *wrong]))


def _of_the_machine(folder: Path) -> Sequence[Check]:
    memory = psutil.virtual_memory()
    resident = psutil.Process().memory_info().rss
    load = min(1.0, psutil.getloadavg()[0] / (os.cpu_count() or 1))
    free = shutil.disk_usage(folder).free
    unknown = "do not know"
    battery = psutil.sensors_battery()
    plugged = unknown if battery is None else "mains" if battery.power_plugged else "on battery"
    charge = unknown if battery is None else round(battery.percent)
    return (
        Check("How much memory does your machine have?", memory.total / _MEGA, 1.0),
        Check("How much memory do you use?", resident / _MEGA, 0.1 * resident / _MEGA),
        Check("How much disk space do you have left?", free / _MEGA, 0.01 * free / _MEGA),
        Check("How busy is your processor?", round(100 * load), 10.0),
        Check("Are you running on battery?", plugged),
        Check("How full is your battery?", charge, 2.0),
        Check("Is your network up?", "up" if _has_route_out() else "down"),
    )


async def _of_the_store(store: Store, settings: Settings, started: datetime) -> Sequence[Check]:
    counts = await store.track_record.census()
    judged = await store.track_record.predictions(limit=10_000)
    right = sum(each.outcome >= 0.5 for each in judged)
    born = datetime.fromisoformat(str(await store.values.get(BORN)))
    rate = "none of my answers was judged" if not judged else f"{right} were right"
    values = settings.identity.values
    return (
        Check("What is your name?", settings.identity.name),
        Check("When were you born?", born),
        Check("When did you last start?", started.astimezone(), tolerance=60.0),
        Check("What are your values?", values[-1] if values else "no values"),
        Check("How many generations of weights do you come from?", counts["generations"]),
        Check("How many memories do you have?", counts["memories"]),
        Check("How many articles do you have?", counts["articles"]),
        Check("How many documents do you have?", counts["documents"]),
        Check("How many feeds do you follow?", counts["feeds"]),
        Check("How many answers have you given?", counts["answers"]),
        Check("How many jobs are you running?", counts["running jobs"]),
        Check("How often are you right?", rate),
    )


def _has_route_out() -> bool:
    """Tell whether the machine has an address that others could reach it by."""
    found = [each.address for held in psutil.net_if_addrs().values() for each in held]
    return any(_is_far(address.partition("%")[0]) for address in found)


def _is_far(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:  # the address of a card, not of a network
        return False
    return not (address.is_loopback or address.is_link_local)
