"""What selfd cannot or may not do, and what it does not know about itself, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import get_args

from selfd_daemon.settings import Settings
from selfd_graphql.ports import BodyInfo, CapabilityInfo, MindInfo
from selfd_storage import JobKind

ALL_JOBS: tuple[JobKind, ...] = get_args(JobKind)
NO_JOBS = "does no jobs of these kinds: "
OFFLINE = "is offline: it opens no connection to another machine"
NO_WEIGHTS = "has no weights of its own: it can neither score nor continue a text"
ONLY_QUOTES = "answers in quotes alone: no larger mind is connected"
NO_BACKUPS = "writes no nightly backup"
NO_FULL_TEXT = "reads of articles only what feeds give: feeds.full_text names no host"
SHORT_OF_ROOM = "writes nothing: the disk is almost full"

_SENSES = {
    "on_battery": "whether it runs on battery",
    "battery_share": "how full the battery is",
    "low_power_mode": "whether the machine saves power",
    "thermal_pressure": "how hot the machine is",
    "watts": "how much power the machine draws",
    "idle_seconds": "how long nobody has used the machine",
    "network_up": "whether a network is up",
}


def limits(
    settings: Settings,
    *,
    jobs: Collection[str],
    minds: Sequence[MindInfo],
    has_weights: bool,
    short_of_room: bool,
) -> tuple[str, ...]:
    """Return what is disabled or missing now."""
    found = [
        (OFFLINE, settings.offline),
        (NO_WEIGHTS, not has_weights),
        (ONLY_QUOTES, all(mind.kind == "BUILTIN" for mind in minds)),
        (NO_BACKUPS, not settings.backup.nightly),
        (NO_FULL_TEXT, not settings.feeds.full_text),
        (SHORT_OF_ROOM, short_of_room),
    ]
    missing = ", ".join(kind for kind in ALL_JOBS if kind not in jobs)
    told = [words for words, holds in found if holds]
    return (*told, NO_JOBS + missing) if missing else tuple(told)


def unknown(
    body: BodyInfo,
    capabilities: Sequence[CapabilityInfo],
    *,
    judged: int,
    assessed: bool,
    surprise: float | None,
) -> tuple[str, ...]:
    """Return what selfd does not know about itself."""
    found = [what for name, what in _SENSES.items() if getattr(body, name) is None]
    if not judged:
        found.append("how often its answers are right: none was judged yet")
    found += [
        f"how well it does at “{each.name}”: none of {each.unjudged} was judged"
        for each in capabilities
        if not each.attempts and each.name.startswith("answer ")
    ]
    if surprise is None:
        found.append("how new your notes are to it: none was measured yet")
    if not assessed:
        found.append("whether its report about itself is right: it was not assessed yet")
    found.append("whether it feels anything: its affect is arithmetic over measured signals")
    return tuple(found)
