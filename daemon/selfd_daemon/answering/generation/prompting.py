"""The prompt for a mind that writes: rules, numbered sources, the talk so far, the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from selfd_daemon.answering.generation.context import Passage
from selfd_daemon.answering.question import Asked
from selfd_daemon.datamarking import Marked, datamark
from selfd_daemon.minds import Message
from selfd_storage import ArticleRecord, ChunkRecord, MemoryRecord

MOST_TURNS = 3  # of the conversation that a mind is shown
LONGEST_TURN = 600  # characters
MARGIN = 200  # bytes of a mind's context that are left free
MOST_ANSWER = 0.25  # of a context: an answer that may be longer than that leaves room for sources

_GROUNDED = (
    "Answer the question from the numbered sources alone, in at most three short sentences. "
    "End every sentence with the number of the source that says so, as in [2]. "
    "If the sources do not answer it, say only: I do not know."
)
_FREE = "You are selfd, a private assistant. Be brief, plain and helpful."


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said before; `is_strangers` where it quotes what strangers wrote."""

    role: Literal["user", "assistant"]
    text: str
    is_strangers: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages for a mind, and the marks in the passages of strangers."""

    messages: tuple[Message, ...]
    marked: Marked


def grounded(
    asked: Asked, passages: Sequence[Passage], said: Sequence[Turn], rng: Random
) -> Prompt:
    """Ask for an answer from passages; the words of strangers are marked as data."""
    strangers = [each for each in passages if each.is_strangers]
    marked, talk = _marked([each.text for each in strangers], said, rng)
    texts = {each.number: text for each, text in zip(strangers, marked.passages, strict=False)}
    sources = "\n".join(
        f"[{each.number}] ({_named(each)}) {texts.get(each.number, each.text)}" for each in passages
    )
    question = Message("user", f"Sources:\n{sources}\n\nQuestion: {asked.said}")
    return Prompt((_rules(_GROUNDED, marked), *talk, question), marked)


def free(asked: Asked, said: Sequence[Turn], rng: Random) -> Prompt:
    """Ask for an answer that no source has to back."""
    marked, talk = _marked([], said, rng)
    return Prompt((_rules(_FREE, marked), *talk, Message("user", asked.said)), marked)


def room_for_passages(context_bytes: int, said: Sequence[Turn], max_bytes: int) -> int:
    """Return the bytes of a mind's context that passages may take, once all else has its room."""
    taken = sum(len(each.text.encode()) + _marks(each) for each in _recent(said))
    rules = len(_GROUNDED) + len(datamark([""], Random(0)).rule.encode())
    answer = min(max_bytes, round(context_bytes * MOST_ANSWER))
    return max(0, context_bytes - taken - rules - answer - MARGIN)


def _rules(rules: str, marked: Marked) -> Message:
    return Message("system", f"{rules} {marked.rule}" if marked.passages else rules)


def _marked(
    passages: Sequence[str], said: Sequence[Turn], rng: Random
) -> tuple[Marked, tuple[Message, ...]]:
    """Mark passages, and after them the turns that quote strangers; return the turns, too."""
    recent = _recent(said)
    quoting = [each.text for each in recent if each.is_strangers]
    marked = datamark([*passages, *quoting], rng)
    texts = iter(marked.passages[len(passages) :])
    talk = (Message(each.role, next(texts) if each.is_strangers else each.text) for each in recent)
    return marked, tuple(talk)


def _recent(said: Sequence[Turn]) -> list[Turn]:
    return [replace(each, text=each.text[:LONGEST_TURN]) for each in said[-2 * MOST_TURNS :]]


def _marks(turn: Turn) -> int:
    """Return the bytes that marks add to a turn: two more than each space, and two signs."""
    return 2 * len(turn.text.split()) + 6 if turn.is_strangers else 0


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
