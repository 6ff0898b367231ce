"""What modules post to the workspace: entries of the log, each kind with its salience and words.

A post is made of log entries alone and names what it is about by id. It quotes no stored text, so
that forgetting leaves nothing behind in the journal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from selfd_storage import EventRecord
from selfd_storage.working.jobs import NOTHING_TO_DO

Module: TypeAlias = Literal["memory", "feeds", "answering", "body", "learning", "self"]
MOST_ABOUT = 20  # ids that one post is about
MOST_NAMED = 4  # of them in its words
RIGHT = 0.5  # an outcome from which an answer counts as right

_JOB_MODULES: dict[str, Module] = {"POLL_FEEDS": "feeds", "INGEST": "memory", "BACKUP": "body"}


@dataclass(slots=True)
class Post:
    """Entries of one kind that belong together, and how much they matter.

    It keeps the first and the last of them and counts the rest, so that an import of a million
    notes is one small post.
    """

    module: Module
    key: str
    base: float
    first_event: EventRecord
    last_event: EventRecord
    count: int = 0
    right: int = 0  # of judged answers
    is_run: bool = True  # each is numbered one above the one before it
    named: dict[str, None] = field(default_factory=dict)
    feeds: dict[str, None] = field(default_factory=dict)

    def join(self, event: EventRecord) -> None:
        """Take in one more entry."""
        if self.count:
            self.is_run &= _is_next(self.last_event.subject, event.subject)
        self.last_event = event
        self.count += 1
        self.right += float(event.payload.get("outcome", 0.0)) >= RIGHT
        if event.subject and len(self.named) < MOST_ABOUT:
            self.named[event.subject] = None
        if feed := event.payload.get("feed"):
            self.feeds[str(feed)] = None

    @property
    def salience(self) -> float:
        """How much it matters: many of a kind matter more than one."""
        return min(1.0, self.base + 0.1 * math.log10(self.count))

    @property
    def first(self) -> int:
        """The number of its oldest entry."""
        return self.first_event.sequence

    @property
    def last(self) -> int:
        """The number of its newest entry."""
        return self.last_event.sequence

    @property
    def at(self) -> datetime:
        """When the last of it happened."""
        return self.last_event.at

    @property
    def about(self) -> tuple[str, ...]:
        """The ids of what it is about, each once, the first few of them."""
        return tuple(self.named)

    @property
    def names(self) -> str:
        """What it is about in words: up to four by name, a run by its ends, or two of them."""
        if len(self.named) > 2 and self.is_run:
            return f"{self.first_event.subject} to {self.last_event.subject}"
        *others, last = self.named or ("",)
        if len(others) < MOST_NAMED:
            return f"{', '.join(others)} and {last}" if others else last
        return f"{', '.join(others[:2])} and others"

    @property
    def text(self) -> str:
        """Say in plain words what happened."""
        return _KINDS[self.first_event.kind].words(self)


@dataclass(frozen=True, slots=True)
class _Kind:
    module: Module
    salience: float
    words: Callable[[Post], str]


def post(event: EventRecord) -> Post | None:
    """Return what an entry of the log posts, None for one that no module makes anything of."""
    kind = _KINDS.get(event.kind)
    if kind is None or event.payload.get("judge") == "feedback":  # told of as feedback.given
        return None
    if event.payload.get(NOTHING_TO_DO):
        return None
    module, key, salience = kind.module, event.kind, kind.salience
    if event.kind.startswith("job."):
        what = str(event.payload.get("kind", ""))
        module, key = _JOB_MODULES.get(what, "learning"), f"{event.kind} {what}"
    elif event.kind == "feedback.given":
        key = f"{event.kind} {event.payload.get('rating', 0)}"
        salience = 0.9 if event.payload.get("rating") == -1 else kind.salience
    made = Post(module, key, salience, event, event)
    made.join(event)
    return made


def _is_next(before: str | None, now: str | None) -> bool:
    """Tell whether an id is of the same kind as another and has the next number."""
    kind, _, number = (before or "").rpartition(":")
    its_kind, _, its_number = (now or "").rpartition(":")
    if kind != its_kind or not (number.isdecimal() and its_number.isdecimal()):
        return False
    return int(its_number) == int(number) + 1


def _plain(one: str, many: str) -> Callable[[Post], str]:
    """Return words for one event, and for several with their number."""

    def words(told: Post) -> str:
        form = one if told.count == 1 else many
        return form.format(names=told.names, count=f"{told.count:,}")

    return words


def _articles(told: Post) -> str:
    came = "1 article" if told.count == 1 else f"{told.count:,} articles"
    source = next(iter(told.feeds)) if len(told.feeds) == 1 else f"{len(told.feeds):,} feeds"
    return f"Read {came} from {source}: {told.names}."


def _job(state: str) -> Callable[[Post], str]:
    def words(told: Post) -> str:
        kind = str(told.first_event.payload.get("kind", "")).lower().replace("_", " ")
        times = "" if told.count == 1 else f" {told.count:,} times"
        return f"The job “{kind}” {state}{times}: {told.names}."

    return words


def _feedback(told: Post) -> str:
    rating = told.first_event.payload.get("rating", 0)
    judged = {1: "right", -1: "wrong"}.get(rating, "neither right nor wrong")
    return f"Was told that {told.names} {'was' if len(told.named) == 1 else 'were'} {judged}."


def _judged(told: Post) -> str:
    if told.count == 1:
        backed = "mostly backed" if told.right else "mostly not backed"
        return f"A check of its sentences found {told.names} {backed} by its sources."
    return f"Checks found {told.right:,} of {told.count:,} answers mostly backed, {told.names}."


def _body(told: Post) -> str:
    what, was, now = (told.last_event.payload.get(name) for name in ("what", "was", "is"))
    return f"The machine's {what} went from {was} to {now}."


def _assessed(told: Post) -> str:
    last = told.last_event.payload
    return f"Tested itself: {last.get('passed')} of {last.get('tests')} tests passed."


def _started(told: Post) -> str:
    return f"Started, version {told.last_event.payload.get('version')}."


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
