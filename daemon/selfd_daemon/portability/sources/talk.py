"""Conversations with other assistants, as lines of ours.

A conversation is kept as it was. What the person said in it becomes memories too, each an episode;
what the assistant said does not: nobody vouches for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from selfd_daemon.portability.lines import Line, Part

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Said:
    """One message; `at` is None where it is not told."""

    role: Literal["user", "assistant"]
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation with its messages in order."""

    title: str
    began: datetime | None
    said: Sequence[Said]


def parts_of(
    program: str,
    name: str,
    entries: Sequence[Any],
    size: int,
    read: Callable[[Any], Talk | None],
) -> Sequence[Part]:
    """Return the memories and the conversations of an export, in this order."""

    def talks() -> Iterator[tuple[int, Talk]]:
        for number, entry in enumerate(entries, start=1):
            talk = read(entry) if isinstance(entry, dict) else None
            if talk is not None and talk.said:
                yield number, talk

    def memories() -> Iterator[Line]:
        for number, talk in talks():
            for said in talk.said:
                if said.role == "user":
                    content = {
                        "text": said.text,
                        "kind": "EPISODE",
                        "source": f"{program}: {talk.title}",
                        "at": _time(said.at or talk.began),
                    }
                    yield Line(number, content, len(said.text))

    def conversations() -> Iterator[Line]:
        for number, talk in talks():
            messages = [
                {"role": each.role, "at": _time(each.at or talk.began), "text": each.text}
                for each in talk.said
            ]
            content = {
                "title": talk.title,
                "createdAt": _time(talk.began or talk.said[0].at),
                "messages": messages,
                "answers": [],
            }
            yield Line(number, content, sum(len(each.text) for each in talk.said))

    return [
        Part("memories", name, size, memories),
        Part("conversations", name, size, conversations),
    ]


def moment(value: object) -> datetime | None:
    """Return a time that is seconds since 1970 or text, in UTC where it names no zone."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            at = datetime.fromisoformat(value)
            return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _time(at: datetime | None) -> str:
    return (at or NEVER).astimezone(UTC).isoformat(timespec="milliseconds")
