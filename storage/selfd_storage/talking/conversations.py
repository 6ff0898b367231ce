"""Conversations: questions, answers with what they rely on, and what people thought of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Database, Transaction
from selfd_storage.errors import InvalidInputError
from selfd_storage.ids import make_id, number_of
from selfd_storage.language.lexicon import telling_terms, terms
from selfd_storage.pages import Place, checked_first, make_page, read_cursor
from selfd_storage.records import EventRecord, Page
from selfd_storage.talking.citations import cite
from selfd_storage.talking.records import (
    AnswerRecord,
    ConversationRecord,
    FoundMessage,
    MessageRecord,
    NewAnswer,
)
from selfd_storage.talking.rows import (
    ANSWERS_OF,
    ASSISTANT,
    ROLES,
    USER,
    answer_of,
    answers_by_number,
    conversation_record,
    known_conversation,
    message_of,
    remove_conversation,
    remove_turns,
    say,
)
from selfd_storage.texts import checked_bytes, checked_text
from selfd_storage.times import from_ms, to_ms

TITLE_LENGTH = 80
MOST_SEARCHED = 50_000  # messages that one search reads, the newest first


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
                (Place(at, number), conversation_record(number, title, at))
                for number, title, at in rows
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
            return None if row is None else conversation_record(*row)

        return await self._database.read(read)

    async def messages(self, id: str) -> list[MessageRecord]:
        """Return what was said in a conversation, in its order; nothing where there is none.

        Raises:
            IntegrityError: a message is damaged.
        """
        values = {"conversation": number_of("conversation", id)}

        def read(db: sqlite3.Connection) -> list[MessageRecord]:
            rows = db.execute(ANSWERS_OF, values).fetchall()
            answers = {row[2]: answer_of(db, row) for row in rows}
            said = db.execute(
                "SELECT id, role, at FROM messages WHERE conversation_id = :conversation"
                " ORDER BY id",
                values,
            ).fetchall()
            return [
                MessageRecord(
                    from_ms(at), ROLES[role], message_of(db, number)[2], answers.get(number)
                )
                for number, role, at in said
            ]

        return await self._database.read(read)

    async def record_turn(
        self, conversation_id: str | None, new: NewAnswer, *, instead_of: str | None = None
    ) -> AnswerRecord:
        """Store a question with its answer, in a new conversation where none is named.

        Args:
            instead_of: an answer of this conversation whose turn, and all after it, goes.

        Raises:
            NotFoundError: there is no such conversation, or no such answer in it.
        """
        question = checked_text(new.question, "question")
        text = checked_bytes(new.text, "answer")

        def write(tx: Transaction) -> AnswerRecord:
            now = to_ms(self._now())
            if conversation_id is None:
                conversation = _open_conversation(tx, new.question, now)
            else:
                conversation = known_conversation(tx, conversation_id)
            if instead_of is not None:
                remove_turns(tx, conversation, instead_of)
            cursor = tx.execute(
                "INSERT INTO answers (question_id, message_id, confidence, abstained, mind, task,"
                " seconds, signals) VALUES (:question, :message, :confidence, :abstained, :mind,"
                " :task, :seconds, :signals)",
                {
                    "question": say(tx, conversation, USER, now, question),
                    "message": say(tx, conversation, ASSISTANT, now, text),
                    "confidence": new.confidence,
                    "abstained": new.abstained,
                    "mind": new.mind_id,
                    "task": new.task,
                    "seconds": new.seconds,
                    "signals": json.dumps(dict(new.signals)) if new.signals else None,
                },
            )
            number = int(cursor.lastrowid)
            cite(tx, number, new.citations)
            id = make_id("answer", number)
            tx.emit("answer.given", id, {"conversation": make_id("conversation", conversation)})
            return answers_by_number(tx.connection, [number])[number]

        return await self._database.write(write, durable=True)

    async def answers(self, ids: Sequence[str]) -> list[AnswerRecord | None]:
        """Return answers in the order of `ids`, None where there is none.

        Raises:
            IntegrityError: one of them is damaged.
        """
        numbers = [number_of("answer", id) for id in ids]
        wanted = [number for number in numbers if number is not None]
        found = await self._database.read(lambda db: answers_by_number(db, wanted))
        return [None if number is None else found.get(number) for number in numbers]

    async def rename(self, id: str, title: str) -> ConversationRecord:
        """Give a conversation another title.   Raises: NotFoundError, InvalidInputError."""
        line = title_of(checked_text(title, "title").decode("utf-8"))
        if not line:
            raise InvalidInputError("the title is empty")

        def write(tx: Transaction) -> ConversationRecord:
            number = known_conversation(tx, id)
            tx.execute(
                "UPDATE conversations SET title = :title WHERE id = :id",
                {"title": line, "id": number},
            )
            tx.emit("conversation.renamed", id)
            (at,) = tx.execute(
                "SELECT created_at FROM conversations WHERE id = :id", {"id": number}
            ).fetchone()
            return conversation_record(number, line, at)

        return await self._database.write(write, durable=True)

    async def remove(self, id: str) -> bool:
        """Remove a conversation with all that was said in it; False where there is none."""
        number = number_of("conversation", id)

        def write(tx: Transaction) -> bool:
            removed = number is not None and remove_conversation(tx, number)
            if removed:
                tx.emit("conversation.removed", id)
            return removed

        return await self._database.write(write, durable=True)

    async def search(self, query: str, *, first: int = 20) -> list[FoundMessage]:
        """Return the messages that hold every telling word of a query, the newest first.

        Raises:
            IntegrityError: a message is damaged.
        """
        wanted, most = frozenset(telling_terms(query)), checked_first(first)

        def read(db: sqlite3.Connection) -> list[FoundMessage]:
            found: list[FoundMessage] = []
            rows = db.execute(
                "SELECT m.id, m.role, c.id, c.title, c.created_at FROM messages AS m"
                " JOIN conversations AS c ON c.id = m.conversation_id"
                " ORDER BY m.id DESC LIMIT :most",
                {"most": MOST_SEARCHED if wanted else 0},
            )
            for number, role, *conversation in rows:
                _, at, text = message_of(db, number)
                if wanted.issubset(terms(text)):
                    message = MessageRecord(from_ms(at), ROLES[role], text, None)
                    found.append(FoundMessage(conversation_record(*conversation), message))
                if len(found) == most:
                    break
            return found

        return await self._database.read(read)

    async def add_feedback(
        self,
        answer_id: str,
        *,
        rating: int,
        correction: str | None = None,
        memory_id: str | None = None,
    ) -> bool:
        """Keep what a person thought of an answer; False where there is no such answer.

        A rating of -1 or 1 is the answer's outcome, too. `memory_id` is the memory that a
        confirmed correction became.
        """
        if rating not in (-1, 0, 1):
            raise InvalidInputError(f"a rating is -1, 0 or 1, got {rating}")
        if correction is not None:
            checked_text(correction, "correction")
        number = number_of("answer", answer_id)

        def write(tx: Transaction) -> bool:
            if (
                number is None
                or not tx.execute(
                    "UPDATE answers SET outcome = iif(:rating = 0, outcome, :rating > 0),"
                    " judge = iif(:rating = 0, judge, 'feedback') WHERE id = :answer",
                    {"answer": number, "rating": rating},
                ).rowcount
            ):
                return False
            tx.execute(
                "INSERT INTO feedback (answer_id, at, rating, correction, memory_id)"
                " VALUES (:answer, :at, :rating, :correction, :memory)",
                {
                    "answer": number,
                    "at": to_ms(self._now()),
                    "rating": rating,
                    "correction": correction,
                    "memory": None if memory_id is None else number_of("memory", memory_id),
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
