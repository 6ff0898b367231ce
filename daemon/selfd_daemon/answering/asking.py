"""What may be asked, and who is to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from selfd_daemon.minds import BUILTIN_MIND, Mind
from selfd_daemon.minds.errors import MindAbilityError
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import MindInfo, Question
from selfd_storage import NotFoundError

MOST_QUESTION_BYTES = 16 * 1024


class Minds(Protocol):
    """The minds that can be asked, by their ids."""

    async def default(self) -> MindInfo: ...
    async def mind(self, id: str) -> MindInfo | None: ...
    async def open(self, id: str | None = None) -> Mind: ...


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers; `mind` is None where the answer is to be quotes."""

    info: MindInfo
    mind: Mind | None


async def chosen(question: Question, minds: Minds | None) -> Choice:
    """Return the mind that a question names, or else the default one.

    A default mind that cannot write leaves the answer to quotes; one that is named must.

    Raises:
        NotFoundError: there is no such mind.
        ServiceError: it cannot do what it is asked for.
    """
    info = await _info(question.mind_id, minds)
    if question.method is not None and info.kind != "ENSEMBLE":
        raise ServiceError(
            "INVALID_INPUT",
            f"method joins the members of an ensemble, and {info.id} is none: "
            "leave it out, or name an ensemble",
        )
    if minds is None or info.kind == "BUILTIN":
        return Choice(info, None)
    mind = await minds.open(info.id)
    if (await mind.limits()).chats:
        return Choice(info, mind)
    if question.mind_id is not None:
        raise MindAbilityError(
            f"{info.name!r} only continues text and cannot answer: "
            "name a mind that follows instructions"
        )
    return Choice(BUILTIN_MIND, None)


async def _info(id: str | None, minds: Minds | None) -> MindInfo:
    if minds is None:
        found = BUILTIN_MIND if id in (None, BUILTIN_MIND.id) else None
    elif id is None:
        found = await minds.default()
    else:
        found = await minds.mind(id)
    if found is None:
        raise NotFoundError("mind", id or "")
    return found


def checked(question: Question) -> None:
    """Refuse what cannot be asked.   Raises: ServiceError."""
    size = len(question.text.encode())
    if not question.text.strip():
        raise ServiceError("INVALID_INPUT", "the question is empty")
    if size > MOST_QUESTION_BYTES:
        raise ServiceError(
            "TOO_LARGE",
            f"a question may have {MOST_QUESTION_BYTES} bytes, got {size}: "
            "remember or ingest a long text, then ask about it",
        )
    if question.max_bytes < 1:
        raise ServiceError(
            "INVALID_INPUT", f"maxBytes must be at least 1, got {question.max_bytes}"
        )
    if question.instead_of is not None and question.conversation_id is None:
        raise ServiceError(
            "INVALID_INPUT", "insteadOf names an answer of a conversation: give conversationId"
        )
