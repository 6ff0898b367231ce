"""The first tables: memories, what was read, conversations, jobs and events."""

from __future__ import annotations

MEMORIES = """
-- Where memories came from. `uses` counts the memories and occurrences that name it; at 0 it goes.
CREATE TABLE sources (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL
) STRICT;

CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE memories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL,             -- memories.py, KINDS
    at INTEGER NOT NULL,               -- when it happened
    recorded_at INTEGER,               -- when selfd was told; NULL: at the moment `at`
    updated_at INTEGER,                -- when text or tags last changed; NULL: never
    source_id INTEGER,                 -- sources.id; NULL: not said
    tags TEXT,                         -- JSON list of tags.id in the order given; NULL: none
    occurrences INTEGER NOT NULL,      -- 1 and one more for each row of memory_occurrences
    surprise INTEGER,                  -- thousandths of a bit per byte; NULL: not measured
    tier INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionaries (id),
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
-- Serves pages of memories; kind and id are in it so that a filter reads no row.
CREATE INDEX memories_by_time ON memories (at, id, kind);

-- Serves pages of one tag, and the search for tags that nobody uses any more.
CREATE TABLE memory_tags (
    tag_id INTEGER NOT NULL REFERENCES tags (id),
    at INTEGER NOT NULL,
    memory_id INTEGER NOT NULL,        -- memories.id
    PRIMARY KEY (tag_id, at, memory_id)
) WITHOUT ROWID, STRICT;

-- Serves the fold of equal memories. The 32-bit fingerprint only proposes; the text decides.
CREATE TABLE memory_fingerprints (
    fingerprint INTEGER NOT NULL,
    memory_id INTEGER NOT NULL,        -- memories.id
    PRIMARY KEY (fingerprint, memory_id)
) WITHOUT ROWID, STRICT;

-- Each time that a memory was told again.
CREATE TABLE memory_occurrences (
    memory_id INTEGER NOT NULL REFERENCES memories (id),
    number INTEGER NOT NULL,           -- from 2 on; the memory itself is the first
    at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    source_id INTEGER,                 -- sources.id; NULL: not said
    text TEXT,                         -- as it was told; NULL: to the letter as the memory
    PRIMARY KEY (memory_id, number)
) WITHOUT ROWID, STRICT;

-- What a memory was from `valid_from` until just before `valid_to`; the present is in memories.
CREATE TABLE memory_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    memory_id INTEGER NOT NULL REFERENCES memories (id),
    valid_from INTEGER NOT NULL,
    valid_to INTEGER NOT NULL,
    tags TEXT,                         -- as in memories
    tier INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionaries (id),
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
-- Serves the look at a memory as of a moment.
CREATE INDEX memory_versions_by_memory ON memory_versions (memory_id, valid_from);
"""

READING = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    content_hash BLOB NOT NULL,        -- over the file's bytes
    modified_at INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL
) STRICT;

CREATE TABLE chunks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    start_line INTEGER NOT NULL,
    end_line INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionaries (id),
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
-- Serves the replacement of a document and the count of its chunks.
CREATE INDEX chunks_by_document ON chunks (document_id);

CREATE TABLE feeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    added_at INTEGER NOT NULL,
    last_polled_at INTEGER,            -- NULL: not polled yet
    next_poll_at INTEGER,              -- NULL: as soon as possible
    error TEXT,                        -- why the last poll failed; NULL: it went well
    failures INTEGER NOT NULL,         -- in a row
    gone INTEGER NOT NULL,             -- 1: the server said that it is gone for good
    etag TEXT,                         -- NULL: the server sent none
    last_modified TEXT,                -- NULL: the server sent none
    body_hash BLOB                     -- of the last body; NULL: none was read
) STRICT;

CREATE TABLE articles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id INTEGER NOT NULL REFERENCES feeds (id),
    at INTEGER NOT NULL,               -- its place in lists: the earlier of the next two
    published_at INTEGER,              -- NULL: the feed does not say
    fetched_at INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,      -- 64 bits over the normalised content
    tier INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionaries (id),
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL                 -- JSON: [guid, title, url or null, summary, text, html]
) STRICT;
-- Serves pages of all articles.
CREATE INDEX articles_by_time ON articles (at);
-- Serves pages of one feed, and its count.
CREATE INDEX articles_by_feed ON articles (feed_id, at);
-- Serves the fold of the same content under another id.
CREATE INDEX articles_by_fingerprint ON articles (fingerprint);

-- Every entry of every feed that was seen, and the article that holds its content.
CREATE TABLE sightings (
    feed_id INTEGER NOT NULL REFERENCES feeds (id),
    guid INTEGER NOT NULL,             -- 64-bit hash of the feed's own id
    article_id INTEGER NOT NULL REFERENCES articles (id),
    PRIMARY KEY (feed_id, guid)
) WITHOUT ROWID, STRICT;
-- Serves the count of feeds that carried an article.
CREATE INDEX sightings_by_article ON sightings (article_id, feed_id);
"""

TALKING = """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
-- Serves pages of conversations.
CREATE INDEX conversations_by_time ON conversations (created_at);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    role INTEGER NOT NULL,             -- conversations.py, ROLES
    at INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionaries (id),
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
-- Serves the messages of a conversation, in the order in which they were said.
CREATE INDEX messages_by_conversation ON messages (conversation_id);

-- What is known of an answer besides its text, which is its message's.
CREATE TABLE answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    question_id INTEGER NOT NULL REFERENCES messages (id),
    message_id INTEGER NOT NULL UNIQUE REFERENCES messages (id),
    confidence REAL NOT NULL,
    abstained INTEGER NOT NULL,
    mind TEXT NOT NULL,
    task TEXT NOT NULL,
    seconds REAL NOT NULL
) STRICT;

CREATE TABLE citations (
    answer_id INTEGER NOT NULL REFERENCES answers (id),
    position INTEGER NOT NULL,
    item_kind INTEGER NOT NULL,        -- ids.py, CODES
    item INTEGER NOT NULL,             -- may be gone by now
    quote TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (answer_id, position)
) WITHOUT ROWID, STRICT;
-- Serves forgetting: the quotes of an item.
CREATE INDEX citations_by_item ON citations (item_kind, item);

CREATE TABLE feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    answer_id INTEGER NOT NULL REFERENCES answers (id),
    at INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    correction TEXT                    -- NULL: none was given
) STRICT;
"""

WORKING = """
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    progress REAL NOT NULL,
    message TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,                -- NULL: not started
    finished_at INTEGER,               -- NULL: not finished
    options TEXT NOT NULL,             -- JSON object
    metrics TEXT NOT NULL,             -- JSON object
    error TEXT                         -- NULL: it did not fail
) STRICT;
-- Serves pages of jobs.
CREATE INDEX jobs_by_time ON jobs (created_at);
-- Serves the jobs of one state, and those to take up again after a restart.
CREATE INDEX jobs_by_state ON jobs (state, created_at);

CREATE TABLE event_kinds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- The numbered log. Old rows go when it grows too long; numbers are never used again.
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL REFERENCES event_kinds (id),
    subject_kind INTEGER,              -- ids.py, CODES; NULL: `subject` is no id
    subject ANY,                       -- row number, whole text, or NULL: about nothing
    payload TEXT                       -- JSON object; NULL: an empty one
) STRICT;

-- Small values by name.
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL                -- JSON
) WITHOUT ROWID, STRICT;

-- What a codec needs to read some rows; kept as long as a row names it.
CREATE TABLE dictionaries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made_at INTEGER NOT NULL,
    content TEXT NOT NULL,             -- what it was trained on, such as 'memory'
    body BLOB NOT NULL
) STRICT;
"""
