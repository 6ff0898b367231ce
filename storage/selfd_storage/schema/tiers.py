"""The part of the schema about packing rows anew, and about texts that must not come in twice."""

from __future__ import annotations

from selfd_storage._sqlite import sqlite3
from selfd_storage.language.wording import fingerprint_of_answer, fingerprint_of_memory, wording_of
from selfd_storage.packing.codecs import decode

# Empty until now, so it can be made anew.
DICTIONARIES = """
DROP TABLE dictionaries;

-- What a codec needs to read some rows; kept as long as a row names it.
CREATE TABLE dictionaries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made_at INTEGER NOT NULL,
    content TEXT NOT NULL,             -- whose texts it was trained on: tiers.py, PACKED
    key INTEGER NOT NULL UNIQUE,       -- with which a body that needs it begins
    samples BLOB NOT NULL,             -- the rows that it was trained on: dictionaries.py
    stale INTEGER NOT NULL,            -- 1: one of these is gone, so this must go too
    body BLOB NOT NULL
) STRICT;

-- Rows that went, until it is known which dictionaries hold pieces of them.
CREATE TABLE gone_samples (
    content TEXT NOT NULL,
    item INTEGER NOT NULL,
    PRIMARY KEY (content, item)
) WITHOUT ROWID, STRICT;

CREATE TRIGGER memories_gone AFTER DELETE ON memories
WHEN EXISTS (SELECT 1 FROM dictionaries WHERE content = 'memory') BEGIN
    INSERT OR IGNORE INTO gone_samples (content, item) VALUES ('memory', OLD.id);
END;
CREATE TRIGGER chunks_gone AFTER DELETE ON chunks
WHEN EXISTS (SELECT 1 FROM dictionaries WHERE content = 'chunk') BEGIN
    INSERT OR IGNORE INTO gone_samples (content, item) VALUES ('chunk', OLD.id);
END;
CREATE TRIGGER articles_gone AFTER DELETE ON articles
WHEN EXISTS (SELECT 1 FROM dictionaries WHERE content = 'article') BEGIN
    INSERT OR IGNORE INTO gone_samples (content, item) VALUES ('article', OLD.id);
END;
CREATE TRIGGER messages_gone AFTER DELETE ON messages
WHEN EXISTS (SELECT 1 FROM dictionaries WHERE content = 'message') BEGIN
    INSERT OR IGNORE INTO gone_samples (content, item) VALUES ('message', OLD.id);
END;
-- A quote of something forgotten was taken out of an answer.
CREATE TRIGGER messages_redacted AFTER UPDATE OF hash ON messages
WHEN EXISTS (SELECT 1 FROM dictionaries WHERE content = 'message') BEGIN
    INSERT OR IGNORE INTO gone_samples (content, item) VALUES ('message', OLD.id);
END;
"""

OWN_WORDS = """
-- Serves the refusal of what selfd itself said; the 32-bit fingerprint only proposes.
CREATE TABLE answer_fingerprints (
    fingerprint INTEGER NOT NULL,
    message_id INTEGER NOT NULL,       -- messages.id
    PRIMARY KEY (fingerprint, message_id)
) WITHOUT ROWID, STRICT;
"""


def propose_anew(db: sqlite3.Connection) -> None:
    """Write the fingerprints of all memories and answers; damaged ones are not proposed."""
    db.execute("DELETE FROM memory_fingerprints")
    memories = db.execute("SELECT id, kind, source_id, codec, size, body FROM memories")
    for number, kind, source_id, *body in memories:
        text = _readable(*body)
        if text is not None:
            fingerprint = fingerprint_of_memory(kind, source_id, wording_of(text))
            db.execute("INSERT INTO memory_fingerprints VALUES (?, ?)", (fingerprint, number))
    said = db.execute(
        "SELECT m.id, m.codec, m.size, m.body FROM messages AS m"
        " JOIN answers AS a ON a.message_id = m.id"
    )
    for number, *body in said:
        text = _readable(*body)
        if text is not None:
            fingerprint = fingerprint_of_answer(wording_of(text))
            db.execute("INSERT INTO answer_fingerprints VALUES (?, ?)", (fingerprint, number))


def _readable(codec: int, size: int, body: bytes) -> str | None:
    try:
        return decode(codec, size, body).decode("utf-8")
    except ValueError:
        return None
