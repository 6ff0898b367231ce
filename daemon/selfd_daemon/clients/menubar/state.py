"""The state of the menu bar as a value, and what each piece of news makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from selfd_daemon.clients.menubar.updates import (
    AnswerEnded,
    AnswerGrew,
    Away,
    Connected,
    JobFailed,
    JobSeen,
    Json,
    NightEnded,
    Refused,
    Remembered,
    StatusRead,
    ThoughtSeen,
    TonightRead,
    Update,
)

CONNECTING = Away("connecting to the daemon")
UNFINISHED = frozenset({"QUEUED", "RUNNING", "WAITING"})


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should be told even when they are not looking."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The question in the panel. `answer` is None until it is whole, `error` if it never will."""

    id: str
    text: str = ""
    answer: Json | None = None
    error: str | None = None

    @property
    def waits(self) -> bool:
        """Whether there is more to come."""
        return self.answer is None and self.error is None


@dataclass(frozen=True, slots=True)
class Kept:
    """The text that is to be remembered. `error` is None while all is well."""

    id: str
    done: bool = False
    error: str | None = None

    @property
    def waits(self) -> bool:
        """Whether the daemon has not said yet."""
        return not self.done and self.error is None


@dataclass(frozen=True, slots=True)
class State:
    """What is known. `away` is None while the daemon answers, `status` until it was read."""

    away: Away | None = CONNECTING
    status: Json | None = None
    jobs: tuple[Json, ...] = ()
    failed: Json | None = None  # the last job that failed, until one of its kind succeeds
    asked: Asked | None = None
    kept: Kept | None = None
    tonight: Json | None = None
    thought: Json | None = None  # the last one
    conversation: str | None = None
    problems_told: frozenset[str] = field(default_factory=frozenset)


Step: TypeAlias = tuple[State, tuple[Notice, ...]]


def after(state: State, update: Update) -> Step:
    """Return the state after a piece of news, and what to tell the person of it."""
    match update:
        case Away():
            return replace(state, away=update, status=None, jobs=()), ()
        case Connected():
            return replace(state, away=None), ()
        case StatusRead(status):
            return _with_status(state, status)
        case JobSeen(job):
            mended = state.failed and _mends(job, state.failed)
            failed = None if mended else state.failed
            return replace(state, jobs=_with_job(state.jobs, job), failed=failed), ()
        case JobFailed(job):
            notice = Notice(f"{job_name(job)} failed", why_failed(job))
            return replace(state, failed=job), (notice,)
        case TonightRead(tonight):
            return replace(state, tonight=tonight), ()
        case ThoughtSeen(thought):
            return replace(state, thought=thought), ()
        case NightEnded(night):
            return state, (Notice("selfd's night is over", night["payload"].get("note", "")),)
        case Remembered(id):
            if state.kept and state.kept.id == id:
                return replace(state, kept=replace(state.kept, done=True)), ()
            return state, ()
        case AnswerGrew() | AnswerEnded() | Refused():
            return _with_news(state, update), ()


def asking(state: State, id: str) -> State:
    """Return the state once a question was sent."""
    return replace(state, asked=Asked(id))


def stopped(state: State) -> State:
    """Return the state once a person wants no more of the answer."""
    if state.asked is None or not state.asked.waits:
        return state
    return replace(state, asked=replace(state.asked, error="stopped"))


def keeping(state: State, id: str) -> State:
    """Return the state once a text to remember was sent."""
    return replace(state, kept=Kept(id))


def job_name(job: Json) -> str:
    """Return a job's kind as words: `POLL_FEEDS` is `Poll feeds`."""
    name: str = job["kind"].replace("_", " ").capitalize()
    return name


def why_failed(job: Json) -> str:
    """Return a failed job's own reason."""
    reason: str = job["error"] or job["message"] or "selfd jobs shows more"
    return reason


def _mends(job: Json, failed: Json) -> bool:
    return bool(job["kind"] == failed["kind"] and job["state"] == "SUCCEEDED")


def _with_status(state: State, status: Json) -> Step:
    """Take a new status; of its problems, tell those that were not there the last time."""
    problems = frozenset(status["problems"])
    new = [problem for problem in status["problems"] if problem not in state.problems_told]
    notices = tuple(Notice("selfd has a problem", problem) for problem in new)
    return replace(state, status=status, problems_told=problems), notices


def _with_job(jobs: tuple[Json, ...], job: Json) -> tuple[Json, ...]:
    others = tuple(other for other in jobs if other["id"] != job["id"])
    return (*others, job) if job["state"] in UNFINISHED else others


def _with_news(state: State, update: AnswerGrew | AnswerEnded | Refused) -> State:
    """Take what belongs to the newest request; what belongs to an older one is no longer shown."""
    asked, kept = state.asked, state.kept
    if kept and kept.id == update.id and isinstance(update, Refused):
        return replace(state, kept=replace(kept, error=update.message))
    if asked is None or asked.id != update.id or not asked.waits:
        return state
    match update:
        case AnswerGrew(text=text):
            return replace(state, asked=replace(asked, text=asked.text + text))
        case AnswerEnded(answer=answer):
            done = replace(asked, text=answer["text"], answer=answer)
            return replace(state, asked=done, conversation=answer["conversationId"])
        case Refused(message=message):
            return replace(state, asked=replace(asked, error=message))
