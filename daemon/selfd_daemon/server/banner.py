"""What `selfd up` prints once it is ready, and how it greets a person at the first start."""

from __future__ import annotations

from collections.abc import Sequence

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


def greeting(recommended: Sequence[RecommendationInfo]) -> str:
    """Return the welcome of a first start: what to do, and for which larger mind there is room."""
    lines = [
        "",
        "Welcome. Nothing leaves this machine, and nothing has to be downloaded. Begin with",
        *(f"  {command:<22} {what}" for command, what in _BEGIN),
    ]
    larger = (each for each in recommended if each.runnable and each.model != "builtin")
    if first := next(larger, None):
        size = f"{first.resident_memory / GIGABYTE:.1f} GB"
        lines += [
            f"A larger mind for it: this machine can run {first.model} ({size} of memory);",
            "  selfd models recommend tells why, and what else",
        ]
    return "\n".join(lines) + "\n"
