"""Conversations as lines: what was said, what answers rely on, and what people thought of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import IntegrityError, InvalidInputError
from selfd_storage.ids import make_id
from selfd_storage.packing.bodies import pack, unpack
from selfd_storage.portable.lines import (
    Object,
    Outcome,
    Run,
    kept_number,
    moment,
    number,
    objects,
    optional_number,
    optional_text,
    shown,
    text,
    whole,
)
from selfd_storage.talking.citations import citations_of, cite
from selfd_storage.talking.records import CitationRecord
from selfd_storage.talking.rows import ROLES
from selfd_storage.texts import checked_bytes

_NUMBERS = {name: number for number, name in ROLES.items()}
_ANSWERS = """
SELECT a.id, a.question_id, a.message_id, a.confidence, a.abstained, a.mind, a.task, a.seconds,
    a.signals, a.outcome, a.judge
FROM answers AS a JOIN messages AS m ON m.id = a.message_id
WHERE m.conversation_id = :id ORDER BY a.id
"""


class ConversationLines:
    """Implements `lines.Lines`. A conversation is the same if it began then and is called so."""

    def read(
        self, db: sqlite3.Connection, after: int, limit: int
    ) -> Sequence[tuple[int, dict[str, Any] | None]]:
        """Return conversations above a number."""
        rows = db.execute(
            "SELECT id, title, created_at FROM conversations"
            " WHERE id > :after ORDER BY id LIMIT :limit",
            {"after": after, "limit": limit},
        ).fetchall()
        return [(row[0], _readable(db, row)) for row in rows]

    def known(self, db: sqlite3.Connection, line: Object, run: Run) -> bool:
        """Tell whether it is here with all that was said."""
        here = _find(db, line)
        return here is not None and len(_messages(db, here)) >= len(objects(line, "messages"))

    def put(self, tx: Transaction, line: Object, run: Run) -> Outcome:
        """Add a conversation, or what was said in one since."""
        conversation = _find(tx.connection, line)
        is_new = conversation is None
        if conversation is None:
            cursor = tx.execute(
                "INSERT INTO conversations (id, title, created_at) VALUES (:id, :title, :at)",
                {
                    "id": kept_number(tx, "conversations", "conversation", line, run),
                    "title": text(line, "title"),
                    "at": moment(line, "createdAt"),
                },
            )
            conversation = int(cursor.lastrowid)
        messages = _messages(tx.connection, conversation)
        had = len(messages)
        for said in objects(line, "messages")[had:]:
            messages.append(_say(tx, conversation, said))
        for answer in objects(line, "answers"):
            if _place(answer, "message", messages) >= had:
                _answer(tx, answer, messages, run)
        return "new" if is_new else "merged" if len(messages) > had else "known"


def cited_items(line: Object) -> set[str]:
    """Return the ids of the items that a conversation's answers cite."""
    return {
        text(citation, "item")
        for answer in objects(line, "answers")
        for citation in objects(answer, "citations")
    }


def _readable(db: sqlite3.Connection, row: tuple[Any, ...]) -> dict[str, Any] | None:
    conversation, title, created_at = row
    said = db.execute(
        "SELECT id, role, at, codec, size, hash, body FROM messages"
        " WHERE conversation_id = :id ORDER BY id",
        {"id": conversation},
    ).fetchall()
    try:
        messages = [
            {
                "role": ROLES[role],
                "at": shown(at),
                "text": unpack(
                    make_id("message", id), "message", *body, conversation, role, at
                ).decode("utf-8"),
            }
            for id, role, at, *body in said
        ]
    except IntegrityError:
        return None
    places = {id: place for place, (id, *_) in enumerate(said)}
    answers = db.execute(_ANSWERS, {"id": conversation}).fetchall()
    return {
        "id": make_id("conversation", conversation),
        "title": title,
        "createdAt": shown(created_at),
        "messages": messages,
        "answers": [_answer_line(db, answer, places) for answer in answers],
    }


def _answer_line(
    db: sqlite3.Connection, row: tuple[Any, ...], places: dict[int, int]
) -> dict[str, Any]:
    answer, question, message, confidence, abstained, mind, task, seconds, *judged = row
    signals, outcome, judge = judged
    feedback = db.execute(
        "SELECT at, rating, correction FROM feedback WHERE answer_id = :id ORDER BY id",
        {"id": answer},
    )
    return {
        "question": places[question],
        "message": places[message],
        "confidence": confidence,
        "abstained": bool(abstained),
        "mind": mind,
        "task": task,
        "seconds": seconds,
        "signals": json.loads(signals) if signals else {},
        "outcome": outcome,
        "judge": judge,
        "citations": [
            {"item": each.item_id, "quote": each.quote, "score": each.score}
            for each in citations_of(db, answer)
        ],
        "feedback": [
            {"at": shown(at), "rating": rating, "correction": correction}
            for at, rating, correction in feedback
        ],
    }


def _find(db: sqlite3.Connection, line: Object) -> int | None:
    row = db.execute(
        "SELECT id FROM conversations WHERE created_at = :at AND title = :title",
        {"at": moment(line, "createdAt"), "title": text(line, "title")},
    ).fetchone()
    return None if row is None else int(row[0])


def _messages(db: sqlite3.Connection, conversation: int) -> list[int]:
    rows = db.execute(
        "SELECT id FROM messages WHERE conversation_id = :id ORDER BY id", {"id": conversation}
    )
    return [int(id) for (id,) in rows]


def _say(tx: Transaction, conversation: int, said: Object) -> int:
    role = _NUMBERS.get(text(said, "role"))  # type: ignore[call-overload]  # any text is looked up
    if role is None:
        raise InvalidInputError(f"'role' must be user or assistant, got {said['role']!r:.60}")
    at = moment(said, "at")
    cursor = tx.execute(
        "INSERT INTO messages (conversation_id, role, at,"
        " tier, codec, dictionary, size, hash, body) VALUES (:conversation, :role, :at,"
        " :tier, :codec, :dictionary, :size, :hash, :body)",
        {
            "conversation": conversation,
            "role": role,
            "at": at,
            **pack("message", checked_bytes(text(said, "text"), "text"), conversation, role, at),
        },
    )
    return int(cursor.lastrowid)


def _place(answer: Object, name: str, messages: Sequence[int]) -> int:
    place = whole(answer, name)
    if not 0 <= place < len(messages):
        raise InvalidInputError(f"{name!r} must be the place of a message, got {place}")
    return place


def _answer(tx: Transaction, answer: Object, messages: Sequence[int], run: Run) -> None:
    cursor = tx.execute(
        "INSERT INTO answers (question_id, message_id, confidence, abstained, mind, task, seconds,"
        " signals, outcome, judge) VALUES (:question, :message, :confidence, :abstained, :mind,"
        " :task, :seconds, :signals, :outcome, :judge)",
        {
            "question": messages[_place(answer, "question", messages)],
            "message": messages[_place(answer, "message", messages)],
            "confidence": number(answer, "confidence"),
            "abstained": bool(answer.get("abstained")),
            "mind": text(answer, "mind"),
            "task": text(answer, "task"),
            "seconds": number(answer, "seconds"),
            "signals": _signals(answer),
            "outcome": optional_number(answer, "outcome"),
            "judge": optional_text(answer, "judge"),
        },
    )
    id = int(cursor.lastrowid)
    cite(tx, id, [_citation(each, run) for each in objects(answer, "citations")])
    for each in objects(answer, "feedback"):
        tx.execute(
            "INSERT INTO feedback (answer_id, at, rating, correction)"
            " VALUES (:answer, :at, :rating, :correction)",
            {
                "answer": id,
                "at": moment(each, "at"),
                "rating": whole(each, "rating"),
                "correction": optional_text(each, "correction"),
            },
        )


def _signals(answer: Object) -> str | None:
    """Return the figures behind a confidence as they are stored; older exports have none."""
    found = answer.get("signals")
    if not found:
        return None
    if not isinstance(found, dict):
        raise InvalidInputError(f"'signals' must be an object, got {found!r:.60}")
    return json.dumps({name: number(found, name) for name in found})


def _citation(citation: Object, run: Run) -> CitationRecord:
    """Return a citation of the item as it is called here; one that was gone stays gone."""
    item = text(citation, "item")
    return CitationRecord(
        run.items.get(item, item), text(citation, "quote"), number(citation, "score")
    )
