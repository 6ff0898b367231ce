"""What `selfd up` prints once it is ready, and how it greets a person at the first start."""

from __future__ import annotations

from collections.abc import Sequence

import psutil

from selfd_daemon.server.announcement import Announcement
from selfd_daemon.settings import Settings
from selfd_graphql.ports import RecommendationInfo, StatusInfo

GIGABYTE = 1e9
_BEGIN = (
    ('selfd remember "..."', "tell it something"),
    ("selfd ingest FOLDER", "let it read your files"),
    ("selfd feeds add URL", "follow a site"),
    ('selfd ask "..."', "ask, and see the words that the answer relies on"),
)


def banner(announcement: Announcement, status: StatusInfo, settings: Settings, code: str) -> str:
    """Return where it is reached and what it runs on, one fact a line."""
    mind = f"{status.mind.name} ({status.mind.model})" if status.mind else "none"
    lines = [
        f"selfd {status.version} is ready",
        f"  url      {announcement.url}",
        f"  sign in  {announcement.url}/#code={code}",
        f"  graphql  {announcement.graphql}",
        f"  backend  {status.backend}",
        f"  mind     {mind}",
        f"  data     {settings.data_dir}",
        *(f"  problem  {problem}" for problem in status.problems),
    ]
    return "\n".join(lines) + "\n"


def greeting(status: StatusInfo, recommended: Sequence[RecommendationInfo]) -> str:
    """Return the welcome of a first start: what to do, and what the machine has room for."""
    cores, memory = psutil.cpu_count() or 1, psutil.virtual_memory().total / GIGABYTE
    lines = [
        "",
        "Welcome. Nothing leaves this machine, and nothing has to be downloaded. Begin with",
        *(f"  {command:<22} {what}" for command, what in _BEGIN),
        f"This machine has {cores} cores and {memory:.0f} GB of memory; models run on "
        f"{status.backend}.",
        *_offer([each for each in recommended if each.model != "builtin"]),
    ]
    return "\n".join(lines) + "\n"


def _offer(larger: Sequence[RecommendationInfo]) -> list[str]:
    """Name the best larger mind that runs here, else the best that would once it can be run."""
    first = next((each for each in larger if each.runnable), next(iter(larger), None))
    if first is None:
        return []
    size = f"{first.resident_memory / GIGABYTE:.1f} GB"
    does = "It can run" if first.runnable else "It has room for"
    tells = "tells why, and what else" if first.runnable else "tells what would run it, and why"
    return [
        f"{does} a larger mind, {first.model} ({size} of memory):",
        f"  selfd models recommend {tells}",
    ]
