"""Conversations: questions, answers with what they rely on, and what people thought of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

from selfd_storage._sqlite import sqlite3
from selfd_storage.bodies import pack, unpack
from selfd_storage.citations import citations_of, cite
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import InvalidInputError, NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.pages import Place, checked_first, make_page, read_cursor
from selfd_storage.records import (
    AnswerRecord,
    ConversationRecord,
    EventRecord,
    MessageRecord,
    NewAnswer,
    Page,
)
from selfd_storage.texts import checked_bytes, checked_text
from selfd_storage.times import from_ms, to_ms

# The numbers are in the files: append, never change.
USER = 0
ASSISTANT = 1
ROLES: dict[int, Literal["user", "assistant"]] = {USER: "user", ASSISTANT: "assistant"}
TITLE_LENGTH = 80

_ANSWER = """
SELECT a.id, a.question_id, a.message_id, a.confidence, a.abstained, a.mind, a.task, a.seconds
FROM answers AS a
"""
_AMONG = "IN (SELECT value FROM json_each(:ids))"
_AMONG_MESSAGES = "IN (SELECT id FROM messages WHERE conversation_id = :conversation)"
_ANSWERS_BY_ID = f"{_ANSWER} WHERE a.id {_AMONG}"
_ANSWERS_OF = f"{_ANSWER} WHERE a.message_id {_AMONG_MESSAGES}"


class Conversations:
    """Keeps what was asked and answered; every turn is durable when it returns."""

    def __init__(self, database: Database[EventRecord], now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def page(self, *, first: int = 20, after: str | None = None) -> Page[ConversationRecord]:
        """Return a page of conversations, newest first."""
        place = read_cursor("conversation", after)
        values = {"at": place.at, "number": place.number, "limit": checked_first(first) + 1}

        def read(db: sqlite3.Connection) -> Page[ConversationRecord]:
            rows = db.execute(
                "SELECT id, title, created_at FROM conversations"
                " WHERE (created_at, id) < (:at, :number)"
                " ORDER BY created_at DESC, id DESC LIMIT :limit",
                values,
            ).fetchall()
            (total,) = db.execute("SELECT count(*) FROM conversations").fetchone()
            records = [
                (Place(at, number), _record(number, title, at)) for number, title, at in rows
            ]
            return make_page("conversation", records, first, after, total)

        return await self._database.read(read)

    async def get(self, id: str) -> ConversationRecord | None:
        """Return a conversation, None where there is none."""
        values = {"id": number_of("conversation", id)}

        def read(db: sqlite3.Connection) -> ConversationRecord | None:
            row = db.execute(
                "SELECT id, title, created_at FROM conversations WHERE id = :id", values
            ).fetchone()
            return None if row is None else _record(*row)

        return await self._database.read(read)

    async def messages(self, id: str) -> list[MessageRecord]:
        """Return what was said in a conversation, in its order; nothing where there is none.

        Raises:
            IntegrityError: a message is damaged.
        """
        values = {"conversation": number_of("conversation", id)}

        def read(db: sqlite3.Connection) -> list[MessageRecord]:
            rows = db.execute(_ANSWERS_OF, values).fetchall()
            answers = {row[2]: _answer(db, row) for row in rows}
            said = db.execute(
                "SELECT id, role, at FROM messages WHERE conversation_id = :conversation"
                " ORDER BY id",
                values,
            ).fetchall()
            return [
                MessageRecord(
                    from_ms(at), ROLES[role], _message(db, number)[2], answers.get(number)
                )
                for number, role, at in said
            ]

        return await self._database.read(read)

    async def record_turn(self, conversation_id: str | None, new: NewAnswer) -> AnswerRecord:
        """Store a question with its answer, in a new conversation where none is named.

        Raises:
            NotFoundError: there is no such conversation.
        """
        question = checked_text(new.question, "question")
        text = checked_bytes(new.text, "answer")

        def write(tx: Transaction) -> AnswerRecord:
            now = to_ms(self._now())
            if conversation_id is None:
                conversation = _open_conversation(tx, new.question, now)
            else:
                conversation = _known_conversation(tx, conversation_id)
            cursor = tx.execute(
                "INSERT INTO answers (question_id, message_id, confidence, abstained, mind, task,"
                " seconds) VALUES (:question, :message, :confidence, :abstained, :mind, :task,"
                " :seconds)",
                {
                    "question": _say(tx, conversation, USER, now, question),
                    "message": _say(tx, conversation, ASSISTANT, now, text),
                    "confidence": new.confidence,
                    "abstained": new.abstained,
                    "mind": new.mind_id,
                    "task": new.task,
                    "seconds": new.seconds,
                },
            )
            number = int(cursor.lastrowid)
            cite(tx, number, new.citations)
            id = make_id("answer", number)
            tx.emit("answer.given", id, {"conversation": make_id("conversation", conversation)})
            return _answers(tx.connection, [number])[number]

        return await self._database.write(write, durable=True)

    async def answers(self, ids: Sequence[str]) -> list[AnswerRecord | None]:
        """Return answers in the order of `ids`, None where there is none.

        Raises:
            IntegrityError: one of them is damaged.
        """
        numbers = [number_of("answer", id) for id in ids]
        wanted = [number for number in numbers if number is not None]
        found = await self._database.read(lambda db: _answers(db, wanted))
        return [None if number is None else found.get(number) for number in numbers]

    async def add_feedback(
        self, answer_id: str, *, rating: int, correction: str | None = None
    ) -> bool:
        """Keep what a person thought of an answer; False where there is no such answer."""
        if rating not in (-1, 0, 1):
            raise InvalidInputError(f"a rating is -1, 0 or 1, got {rating}")
        if correction is not None:
            checked_text(correction, "correction")
        number = number_of("answer", answer_id)

        def write(tx: Transaction) -> bool:
            known = tx.execute("SELECT 1 FROM answers WHERE id = :id", {"id": number}).fetchone()
            if known is None:
                return False
            tx.execute(
                "INSERT INTO feedback (answer_id, at, rating, correction)"
                " VALUES (:answer, :at, :rating, :correction)",
                {
                    "answer": number,
                    "at": to_ms(self._now()),
                    "rating": rating,
                    "correction": correction,
                },
            )
            tx.emit("feedback.given", answer_id, {"rating": rating})
            return True

        return await self._database.write(write, durable=True)


def title_of(question: str) -> str:
    """Return a question cut short at a word, on one line."""
    line = " ".join(question.split())
    if len(line) <= TITLE_LENGTH:
        return line
    cut = line[:TITLE_LENGTH]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut[:-1]) + "…"


def _open_conversation(tx: Transaction, question: str, now: int) -> int:
    cursor = tx.execute(
        "INSERT INTO conversations (title, created_at) VALUES (:title, :now)",
        {"title": title_of(question), "now": now},
    )
    return int(cursor.lastrowid)


def _known_conversation(tx: Transaction, id: str) -> int:
    number = number_of("conversation", id)
    row = tx.execute("SELECT id FROM conversations WHERE id = :id", {"id": number}).fetchone()
    if row is None:
        raise NotFoundError("conversation", id)
    return int(row[0])


def _say(tx: Transaction, conversation: int, role: int, at: int, raw: bytes) -> int:
    cursor = tx.execute(
        "INSERT INTO messages (conversation_id, role, at,"
        " tier, codec, dictionary, size, hash, body) VALUES (:conversation, :role, :at,"
        " :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "conversation": conversation,
            "role": role,
            "at": at,
            **pack("message", raw, conversation, role, at),
        },
    )
    return int(cursor.lastrowid)


def _message(db: sqlite3.Connection, number: int) -> tuple[int, int, str]:
    """Return a message's conversation, time and text."""
    conversation, role, at, *body = db.execute(
        "SELECT conversation_id, role, at, codec, size, hash, body FROM messages WHERE id = :id",
        {"id": number},
    ).fetchone()
    raw = unpack(make_id("message", number), "message", *body, conversation, role, at)
    return conversation, at, raw.decode("utf-8")


def _answers(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, AnswerRecord]:
    rows = db.execute(_ANSWERS_BY_ID, {"ids": json.dumps(list(numbers))}).fetchall()
    return {row[0]: _answer(db, row) for row in rows}


def _answer(db: sqlite3.Connection, row: tuple[Any, ...]) -> AnswerRecord:
    number, question, message, confidence, abstained, mind, task, seconds = row
    conversation, at, text = _message(db, message)
    return AnswerRecord(
        id=make_id("answer", number),
        conversation_id=make_id("conversation", conversation),
        question=_message(db, question)[2],
        text=text,
        confidence=confidence,
        abstained=bool(abstained),
        citations=citations_of(db, number),
        mind_id=mind,
        task=task,
        seconds=seconds,
        created_at=from_ms(at),
    )


def _record(number: int, title: str, created_at: int) -> ConversationRecord:
    return ConversationRecord(make_id("conversation", number), title, from_ms(created_at))
