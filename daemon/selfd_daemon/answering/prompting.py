"""The prompt for a mind that writes: rules, numbered sources, the talk so far, the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from selfd_daemon.answering.context import Passage
from selfd_daemon.answering.question import Asked
from selfd_daemon.datamarking import Marked, datamark
from selfd_daemon.minds import Message
from selfd_storage import ArticleRecord, ChunkRecord, MemoryRecord

MOST_TURNS = 3  # of the conversation that a mind is shown
LONGEST_TURN = 600  # characters
MARGIN = 200  # bytes of a mind's context that are left free

_GROUNDED = (
    "Answer the question from the numbered sources alone, in at most three short sentences. "
    "End every sentence with the number of the source that says so, as in [2]. "
    "If the sources do not answer it, say only: I do not know."
)
_FREE = "You are selfd, a private assistant. Be brief, plain and helpful."


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages for a mind, and the marks in the passages of strangers."""

    messages: tuple[Message, ...]
    marked: Marked


def grounded(
    asked: Asked, passages: Sequence[Passage], said: Sequence[Message], rng: Random
) -> Prompt:
    """Ask for an answer from passages; those of strangers are marked as data."""
    strangers = [each for each in passages if each.is_strangers]
    marked = datamark([each.text for each in strangers], rng)
    texts = {each.number: text for each, text in zip(strangers, marked.passages, strict=True)}
    rules = f"{_GROUNDED} {marked.rule}" if strangers else _GROUNDED
    sources = "\n".join(
        f"[{each.number}] ({_named(each)}) {texts.get(each.number, each.text)}" for each in passages
    )
    question = Message("user", f"Sources:\n{sources}\n\nQuestion: {asked.said}")
    return Prompt((Message("system", rules), *_recent(said), question), marked)


def free(asked: Asked, said: Sequence[Message], rng: Random) -> Prompt:
    """Ask for an answer that no source has to back."""
    messages = (Message("system", _FREE), *_recent(said), Message("user", asked.said))
    return Prompt(messages, datamark([], rng))


def room_for_passages(context_bytes: int, said: Sequence[Message], max_bytes: int) -> int:
    """Return the bytes of a mind's context that passages may take, once all else has its room."""
    taken = sum(len(each.text.encode()) for each in _recent(said))
    rules = len(_GROUNDED) + len(datamark([""], Random(0)).rule.encode())
    return max(0, context_bytes - taken - rules - max_bytes - MARGIN)


def _recent(said: Sequence[Message]) -> tuple[Message, ...]:
    return tuple(Message(each.role, each.text[:LONGEST_TURN]) for each in said[-2 * MOST_TURNS :])


def _named(passage: Passage) -> str:
    """Name a source: what it is, and when it is from."""
    item = passage.item
    if isinstance(item, ArticleRecord):
        return f"article, {(item.published_at or item.fetched_at):%Y-%m-%d}"
    if isinstance(item, ChunkRecord):
        return "document"
    if isinstance(item, MemoryRecord):
        return f"memory of {item.created_at:%Y-%m-%d}"
    return f"journal, {item.at:%Y-%m-%d}"
