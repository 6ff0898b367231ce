"""Rows of conversations: messages with their bodies, and what is known of answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import NotFoundError
from selfd_storage.ids import make_id, number_of
from selfd_storage.memory.own_words import note_answer
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.talking.citations import citations_of
from selfd_storage.talking.records import AnswerRecord, ConversationRecord
from selfd_storage.times import from_ms

# The numbers are in the files: append, never change.
USER = 0
ASSISTANT = 1
ROLES: dict[int, Literal["user", "assistant"]] = {USER: "user", ASSISTANT: "assistant"}

_ANSWER = """
SELECT a.id, a.question_id, a.message_id, a.confidence, a.abstained, a.mind, a.task, a.seconds,
    a.signals, a.outcome, a.judge
FROM answers AS a
"""
_AMONG = "IN (SELECT value FROM json_each(:ids))"
_AMONG_MESSAGES = "IN (SELECT id FROM messages WHERE conversation_id = :conversation)"
ANSWERS_BY_ID = f"{_ANSWER} WHERE a.id {_AMONG}"
ANSWERS_OF = f"{_ANSWER} WHERE a.message_id {_AMONG_MESSAGES}"
# Of a conversation from a message on; the answers go after what hangs on them.
_REMOVALS = (
    "DELETE FROM citations WHERE answer_id IN (SELECT a.id FROM answers AS a"
    " JOIN messages AS m ON m.id = a.question_id"
    " WHERE m.conversation_id = :conversation AND m.id >= :message)",
    "DELETE FROM feedback WHERE answer_id IN (SELECT a.id FROM answers AS a"
    " JOIN messages AS m ON m.id = a.question_id"
    " WHERE m.conversation_id = :conversation AND m.id >= :message)",
    "DELETE FROM mind_support WHERE answer_id IN (SELECT a.id FROM answers AS a"
    " JOIN messages AS m ON m.id = a.question_id"
    " WHERE m.conversation_id = :conversation AND m.id >= :message)",
    "DELETE FROM answers WHERE question_id IN (SELECT id FROM messages"
    " WHERE conversation_id = :conversation AND id >= :message)",
    "DELETE FROM answer_fingerprints WHERE message_id IN (SELECT id FROM messages"
    " WHERE conversation_id = :conversation AND id >= :message)",
    "DELETE FROM messages WHERE conversation_id = :conversation AND id >= :message",
)


def known_conversation(tx: Transaction, id: str) -> int:
    """Return a conversation's number.   Raises: NotFoundError."""
    number = number_of("conversation", id)
    row = tx.execute("SELECT id FROM conversations WHERE id = :id", {"id": number}).fetchone()
    if row is None:
        raise NotFoundError("conversation", id)
    return int(row[0])


def say(tx: Transaction, conversation: int, role: int, at: int, raw: bytes) -> int:
    """Store a message and return its number."""
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
    number = int(cursor.lastrowid)
    if role == ASSISTANT:
        note_answer(tx, number, raw.decode("utf-8"))
    return number


def message_of(db: sqlite3.Connection, number: int) -> tuple[int, int, str]:
    """Return a message's conversation, time and text."""
    conversation, role, at, *body = db.execute(
        "SELECT conversation_id, role, at, codec, size, hash, body FROM messages WHERE id = :id",
        {"id": number},
    ).fetchone()
    raw = unpack(make_id("message", number), "message", *body, conversation, role, at)
    return conversation, at, raw.decode("utf-8")


def answers_by_number(db: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, AnswerRecord]:
    """Return answers by their numbers; those that there are not are left out."""
    rows = db.execute(ANSWERS_BY_ID, {"ids": json.dumps(list(numbers))}).fetchall()
    return {row[0]: answer_of(db, row) for row in rows}


def answer_of(db: sqlite3.Connection, row: tuple[Any, ...]) -> AnswerRecord:
    """Read an answer from its row, with its text and what it relies on."""
    number, question, message, confidence, abstained, mind, task, seconds, *judged = row
    signals, outcome, judge = judged
    conversation, at, text = message_of(db, message)
    return AnswerRecord(
        id=make_id("answer", number),
        conversation_id=make_id("conversation", conversation),
        question=message_of(db, question)[2],
        text=text,
        confidence=confidence,
        abstained=bool(abstained),
        citations=citations_of(db, number),
        mind_id=mind,
        task=task,
        seconds=seconds,
        created_at=from_ms(at),
        signals=json.loads(signals) if signals else {},
        outcome=outcome,
        judge=judge,
    )


def conversation_record(number: int, title: str, created_at: int) -> ConversationRecord:
    """Translate a row."""
    return ConversationRecord(make_id("conversation", number), title, from_ms(created_at))


def remove_turns(tx: Transaction, conversation: int, answer: str) -> None:
    """Remove the turn of an answer and all after it.   Raises: NotFoundError."""
    row = tx.execute(
        "SELECT a.question_id FROM answers AS a JOIN messages AS m ON m.id = a.question_id"
        " WHERE a.id = :answer AND m.conversation_id = :conversation",
        {"answer": number_of("answer", answer), "conversation": conversation},
    ).fetchone()
    if row is None:
        raise NotFoundError("answer", answer)
    _remove_from(tx, conversation, row[0])


def remove_conversation(tx: Transaction, number: int) -> bool:
    """Remove a conversation with all that was said in it; False where there is none."""
    _remove_from(tx, number, 0)
    gone = tx.execute("DELETE FROM conversations WHERE id = :id", {"id": number})
    return bool(gone.rowcount)


def _remove_from(tx: Transaction, conversation: int, message: int) -> None:
    for statement in _REMOVALS:
        tx.execute(statement, {"conversation": conversation, "message": message})
