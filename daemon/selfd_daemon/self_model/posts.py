"""What modules post to the workspace: entries of the log, each kind with its salience and words.

A post is made of log entries alone and names what it is about by id. It quotes no stored text, so
that forgetting leaves nothing behind in the journal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from selfd_storage import EventRecord

Module: TypeAlias = Literal["memory", "feeds", "answering", "body", "learning", "self"]
MOST_ABOUT = 20  # ids that one post names

_JOB_MODULES: dict[str, Module] = {"POLL_FEEDS": "feeds", "INGEST": "memory", "BACKUP": "body"}


@dataclass(frozen=True, slots=True)
class Post:
    """Entries of one kind that belong together, oldest first, and how much they matter."""

    module: Module
    key: str
    salience: float
    events: tuple[EventRecord, ...]

    @property
    def first(self) -> int:
        """The number of its oldest entry."""
        return self.events[0].sequence

    @property
    def last(self) -> int:
        """The number of its newest entry."""
        return self.events[-1].sequence

    @property
    def at(self) -> datetime:
        """When the last of it happened."""
        return self.events[-1].at

    @property
    def about(self) -> tuple[str, ...]:
        """The ids of what it is about, each once."""
        subjects = dict.fromkeys(each.subject for each in self.events if each.subject)
        return tuple(subjects)[:MOST_ABOUT]

    def joined(self, event: EventRecord) -> Post:
        """Return the post with one more entry; many of a kind matter more than one."""
        events = (*self.events, event)
        base = _KINDS[event.kind].salience
        return Post(self.module, self.key, min(1.0, base + 0.1 * math.log10(len(events))), events)

    @property
    def text(self) -> str:
        """Say in plain words what happened."""
        return _KINDS[self.events[0].kind].words(self.events)


@dataclass(frozen=True, slots=True)
class _Kind:
    module: Module
    salience: float
    words: Callable[[Sequence[EventRecord]], str]


def post(event: EventRecord) -> Post | None:
    """Return what an entry of the log posts, None for one that no module makes anything of."""
    kind = _KINDS.get(event.kind)
    if kind is None or event.payload.get("judge") == "feedback":  # told of as feedback.given
        return None
    module, key, salience = kind.module, event.kind, kind.salience
    if event.kind.startswith("job."):
        what = str(event.payload.get("kind", ""))
        module, key = _JOB_MODULES.get(what, "learning"), f"{event.kind} {what}"
    elif event.kind == "feedback.given":
        key = f"{event.kind} {event.payload.get('rating', 0)}"
        salience = 0.9 if event.payload.get("rating") == -1 else kind.salience
    return Post(module, key, salience, (event,))


def _naming(events: Sequence[EventRecord]) -> str:
    """Name what events are about: one, two, or the first and the last."""
    subjects = list(dict.fromkeys(each.subject for each in events if each.subject))
    if len(subjects) <= 2:
        return " and ".join(subjects)
    return f"{subjects[0]} to {subjects[-1]}"


def _plain(one: str, many: str) -> Callable[[Sequence[EventRecord]], str]:
    """Return words for one event, and for several with their number."""

    def words(events: Sequence[EventRecord]) -> str:
        form = one if len(events) == 1 else many
        return form.format(names=_naming(events), count=f"{len(events):,}")

    return words


def _articles(events: Sequence[EventRecord]) -> str:
    feeds = list(dict.fromkeys(str(each.payload.get("feed")) for each in events))
    came = "1 article" if len(events) == 1 else f"{len(events):,} articles"
    source = feeds[0] if len(feeds) == 1 else f"{len(feeds):,} feeds"
    return f"Read {came} from {source}: {_naming(events)}."


def _job(state: str) -> Callable[[Sequence[EventRecord]], str]:
    def words(events: Sequence[EventRecord]) -> str:
        kind = str(events[0].payload.get("kind", "")).lower().replace("_", " ")
        times = "" if len(events) == 1 else f" {len(events):,} times"
        return f"The job “{kind}” {state}{times}: {_naming(events)}."

    return words


def _feedback(events: Sequence[EventRecord]) -> str:
    rating = events[0].payload.get("rating", 0)
    judged = {1: "right", -1: "wrong"}.get(rating, "neither right nor wrong")
    return f"Was told that {_naming(events)} {'was' if len(events) == 1 else 'were'} {judged}."


def _judged(events: Sequence[EventRecord]) -> str:
    right = sum(float(each.payload.get("outcome", 0.0)) >= 0.5 for each in events)
    if len(events) == 1:
        return f"A check found {_naming(events)} {'right' if right else 'wrong'}."
    return f"Checks found {right:,} of {len(events):,} answers right, {_naming(events)}."


def _body(events: Sequence[EventRecord]) -> str:
    what, was, now = (events[-1].payload.get(name) for name in ("what", "was", "is"))
    return f"The machine's {what} went from {was} to {now}."


def _assessed(events: Sequence[EventRecord]) -> str:
    last = events[-1].payload
    return f"Tested itself: {last.get('passed')} of {last.get('tests')} tests passed."


def _started(events: Sequence[EventRecord]) -> str:
    return f"Started, version {events[-1].payload.get('version')}."


_KINDS: dict[str, _Kind] = {
    "memory.added": _Kind(
        "memory", 0.35, _plain("Remembered {names}.", "Remembered {count} memories, {names}.")
    ),
    "memory.merged": _Kind(
        "memory", 0.25, _plain("Was told {names} again.", "Was told {count} known things again.")
    ),
    "memory.updated": _Kind(
        "memory", 0.3, _plain("{names} was changed.", "{count} memories were changed, {names}.")
    ),
    "memory.forgotten": _Kind(
        "memory", 0.5, _plain("Forgot {names}.", "Forgot {count} memories, {names}.")
    ),
    "document.ingested": _Kind(
        "memory", 0.4, _plain("Read {names}.", "Read {count} documents, {names}.")
    ),
    "document.removed": _Kind(
        "memory", 0.3, _plain("Let go of {names}.", "Let go of {count} documents, {names}.")
    ),
    "engram.built": _Kind("memory", 0.4, _plain("Built {names}.", "Built {count} engrams.")),
    "feed.added": _Kind(
        "feeds", 0.5, _plain("Follows {names} now.", "Follows {count} more feeds, {names}.")
    ),
    "feed.removed": _Kind(
        "feeds", 0.4, _plain("Follows {names} no more.", "Follows {count} feeds no more.")
    ),
    "feed.failed": _Kind(
        "feeds", 0.4, _plain("Could not poll {names}.", "Polls failed {count} times, {names}.")
    ),
    "article.added": _Kind("feeds", 0.3, _articles),
    "answer.given": _Kind(
        "answering", 0.45, _plain("Gave {names}.", "Gave {count} answers, {names}.")
    ),
    "answer.judged": _Kind("answering", 0.4, _judged),
    "feedback.given": _Kind("answering", 0.6, _feedback),
    "mind.added": _Kind(
        "answering", 0.6, _plain("May ask {names} now.", "May ask {count} more minds, {names}.")
    ),
    "mind.removed": _Kind(
        "answering", 0.5, _plain("May not ask {names} any more.", "May ask {count} minds less.")
    ),
    "job.failed": _Kind("learning", 0.8, _job("failed")),
    "job.succeeded": _Kind("learning", 0.35, _job("was done")),
    "checkpoint.promoted": _Kind(
        "learning", 0.9, _plain("Serves new weights, {names}.", "Promoted {count} checkpoints.")
    ),
    "checkpoint.rejected": _Kind(
        "learning", 0.7, _plain("Rejected {names}.", "Rejected {count} checkpoints, {names}.")
    ),
    "checkpoint.restored": _Kind(
        "learning", 0.9, _plain("Went back to {names}.", "Changed weights {count} times.")
    ),
    "night.began": _Kind("learning", 0.5, _plain("{names} began.", "{count} nights began.")),
    "night.ended": _Kind("learning", 0.6, _plain("{names} ended.", "{count} nights ended.")),
    "body.changed": _Kind("body", 0.7, _body),
    "daemon.started": _Kind("body", 0.6, _started),
    "goal.set": _Kind("self", 0.6, _plain("Set {names}.", "Set {count} goals, {names}.")),
    "goal.reached": _Kind("self", 0.9, _plain("Reached {names}.", "Reached {count} goals.")),
    "goal.dropped": _Kind("self", 0.4, _plain("Dropped {names}.", "Dropped {count} goals.")),
    "self.assessed": _Kind("self", 0.8, _assessed),
}

KINDS_HEARD = tuple(_KINDS)
