"""Recognising what selfd itself said, so that it never comes back as something it was told.

A text is selfd's own where it says the same as one of its answers, or where it is a list whose
every line, but for headings, is a memory or an answer: what an agent was given to read. A short
text is never taken for selfd's own, and neither is one that a memory would take in: that was told
again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from selfd_storage._sqlite import sqlite3
from selfd_storage.database import Transaction
from selfd_storage.errors import IntegrityError
from selfd_storage.ids import make_id
from selfd_storage.language.wording import Wording, fingerprint_of_answer, wording_of
from selfd_storage.memory.records import NewMemory
from selfd_storage.memory.rows import KINDS
from selfd_storage.memory.writes import load, proposed_twins, twins
from selfd_storage.packing.codecs import decode

MOST_OF_A_HEADING = 2  # words
# What stands before a line where memories are listed: bullets, numbers, ids.
_MARK = re.compile(r"^\s*(?:[-*•>]+\s+|\d+[.)]\s+|[\[(]?(?:memory|answer):\d+[\])]?:?\s*)+")


def note_answer(tx: Transaction, message: int, text: str) -> None:
    """Have an answer recognised."""
    says = wording_of(text)
    if says.is_telling:
        tx.execute(
            "INSERT INTO answer_fingerprints (fingerprint, message_id) VALUES (:print, :message)",
            {"print": fingerprint_of_answer(says), "message": message},
        )


def own_words(db: sqlite3.Connection, new: NewMemory) -> str | None:
    """Return the id of what a new memory repeats of selfd's own, None where it is news."""
    tx = Transaction(db)
    says = wording_of(new.text)
    if next(twins(tx, new, says), None) is not None:
        return None
    if says.is_telling and (answer := _answer(db, says)) is not None:
        return answer
    lines = list(_lines(new.text))
    if len(lines) < 2 and not _MARK.match(new.text):
        return None
    origins = [_answer(db, line) or _memory(tx, line) for line in lines]
    return origins[0] if origins and all(origins) else None


def _lines(text: str) -> Iterator[Wording]:
    for line in text.splitlines():
        says = wording_of(_MARK.sub("", line))
        if len(says.words) > MOST_OF_A_HEADING:
            yield says


def _answer(db: sqlite3.Connection, says: Wording) -> str | None:
    rows = db.execute(
        "SELECT a.id, m.codec, m.size, m.body FROM answer_fingerprints AS f"
        " JOIN messages AS m ON m.id = f.message_id JOIN answers AS a ON a.message_id = m.id"
        " WHERE f.fingerprint = :print",
        {"print": fingerprint_of_answer(says)},
    )
    for number, *body in rows:
        try:
            said = decode(*body).decode("utf-8")
        except ValueError:
            continue
        if wording_of(said).same_as(says):
            return make_id("answer", number)
    return None


def _memory(tx: Transaction, says: Wording) -> str | None:
    for kind in KINDS.values():
        for number in proposed_twins(tx, kind, None, says):
            try:
                row = load(tx, number)
            except IntegrityError:
                continue
            if row is not None and row.wording.same_as(says):
                return make_id("memory", number)
    return None
