"""The menu as a value: what a state looks like, and which items can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from selfd_daemon.cli.terminal.text import one_line, plural
from selfd_daemon.clients.menubar.state import State, job_name, why_failed
from selfd_daemon.clients.menubar.updates import Json

Mark: TypeAlias = Literal["well", "busy", "problem", "away"]
Action: TypeAlias = Literal["panel", "remember", "pause", "resume", "dashboard", "quit"]

WIDEST = 60  # characters of one item
MOST_LINES = 5  # of jobs, and of problems


@dataclass(frozen=True, slots=True)
class Item:
    """One line. Without an action it only tells something; empty, it is a separator."""

    text: str
    action: Action | None = None
    enabled: bool = False


SEPARATOR = Item("")


@dataclass(frozen=True, slots=True)
class Menu:
    """What is shown at a glance, and the items under it."""

    mark: Mark
    headline: str
    items: tuple[Item, ...]


def menu(state: State) -> Menu:
    """Return the menu of a state."""
    here = state.away is None
    return Menu(
        mark(state),
        headline(state),
        (
            *(Item(one_line(line, WIDEST)) for line in (headline(state), *details(state))),
            SEPARATOR,
            Item("Ask…", "panel", here),
            Item("Remember…", "remember", here),
            Item("Open dashboard", "dashboard", here),
            *nights(state),
            SEPARATOR,
            Item("Quit", "quit", enabled=True),
        ),
    )


def mark(state: State) -> Mark:
    """Return the one thing that the icon shows."""
    if state.away:
        return "away"
    if state.status and state.status["problems"]:
        return "problem"
    return "busy" if _running(state) else "well"


def headline(state: State) -> str:
    """Return the state in a few words."""
    if state.away:
        return f"selfd: {state.away.reason}"
    if state.status is None:
        return "selfd is there"
    if count := len(state.status["problems"]):
        return f"selfd has {plural(count, 'problem')}"
    return "selfd is working" if _running(state) else "selfd is ready"


def details(state: State) -> list[str]:
    """Return what stands below the headline: figures, jobs, problems, or how to start it."""
    if state.away:
        return [state.away.next_step] if state.away.next_step else []
    if state.status is None:
        return []
    figures = (
        f"{plural(state.status['memoryCount'], 'memory')}, "
        f"{plural(state.status['articleCount'], 'article')}"
    )
    return [figures, *thoughts(state), *jobs(state), *failures(state), *problems(state)]


def thoughts(state: State) -> list[str]:
    """Return the last entry of the journal."""
    return [f"“{state.thought['text']}”"] if state.thought else []


def nights(state: State) -> list[Item]:
    """Return what pauses or resumes the nights, where there are any."""
    if state.tonight is None or not state.tonight["enabled"]:
        return []
    if state.tonight["paused"]:
        return [Item("Resume nights", "resume", state.away is None)]
    return [Item("Pause nights", "pause", state.away is None)]


def jobs(state: State) -> list[str]:
    """Return a line for each job that runs."""
    return [_job_line(job) for job in _running(state)[:MOST_LINES]]


def failures(state: State) -> list[str]:
    """Return why the last job failed, if it did and none of its kind succeeded since."""
    job = state.failed
    return [f"⚠ {job_name(job)} failed: {why_failed(job)}"] if job else []


def problems(state: State) -> list[str]:
    """Return the daemon's problems in its own words."""
    return [f"⚠ {problem}" for problem in (state.status or {}).get("problems", [])[:MOST_LINES]]


def _running(state: State) -> list[Json]:
    return [job for job in state.jobs if job["state"] == "RUNNING"]


def _job_line(job: Json) -> str:
    message = f": {job['message']}" if job["message"] else ""
    return f"{job_name(job)} {job['progress']:.0%}{message}"
