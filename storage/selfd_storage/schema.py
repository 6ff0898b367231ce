"""The schema of `selfd.db`, one function a step; steps are appended, never edited.

Times are milliseconds since 1970 in UTC. Text that may be long lies in `body` with `codec`,
`dictionary` (NULL: the codec needs none) and `size` (raw bytes), as codecs.py tells; `tier` says
how it was last packed. `hash` is the content hash of integrity.py. Ids are never used again. A
column that no index begins with names its parent in a comment, not in a REFERENCES clause: SQLite
would read the whole table for every parent that is deleted.
"""

from __future__ import annotations

from selfd_storage._sqlite import sqlite3
from selfd_storage.migrations import Migration
from selfd_storage.schema_graph import GRAPH, REFLECTIONS
from selfd_storage.schema_self import SELF_MODEL
from selfd_storage.schema_tiers import DICTIONARIES, OWN_WORDS, propose_anew

APPLICATION_ID = int.from_bytes(b"slfd", "big")

_MEMORIES = """
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

_READING = """
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

_TALKING = """
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

_WORKING = """
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


_STORIES = """
CREATE TABLE stories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_seen_at INTEGER NOT NULL,    -- when its first article was fetched
    seen_at INTEGER NOT NULL,          -- when its last one was
    latest_at INTEGER NOT NULL,        -- the greatest `at` of its articles
    articles INTEGER NOT NULL,
    sources INTEGER NOT NULL           -- independent ones: story_rows.py, independent
) STRICT;
-- Serves the stories of the last hours.
CREATE INDEX stories_by_time ON stories (seen_at);

-- The story of each article; one that nobody else tells has a story of its own.
CREATE TABLE story_articles (
    article_id INTEGER PRIMARY KEY REFERENCES articles (id),
    story_id INTEGER NOT NULL REFERENCES stories (id),
    publisher TEXT NOT NULL,
    copy_of INTEGER                    -- articles.id; NULL: a text of its own
) STRICT;
-- Serves the articles of a story.
CREATE INDEX story_articles_by_story ON story_articles (story_id);

-- Sentences of an article that can be right or wrong, word for word.
CREATE TABLE claims (
    article_id INTEGER NOT NULL REFERENCES articles (id),
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (article_id, position)
) WITHOUT ROWID, STRICT;
"""


_TERMS = """
-- How many articles of an hour have a term in them; the term '' counts all articles.
CREATE TABLE term_hours (
    term TEXT NOT NULL,
    hour INTEGER NOT NULL,             -- whole hours since 1970
    articles INTEGER NOT NULL,
    PRIMARY KEY (term, hour)
) WITHOUT ROWID, STRICT;
-- Serves the terms of the last hours.
CREATE INDEX term_hours_by_hour ON term_hours (hour);

-- The terms of the articles of the last days.
CREATE TABLE article_terms (
    term TEXT NOT NULL,
    at INTEGER NOT NULL,               -- articles.at
    article_id INTEGER NOT NULL,       -- articles.id
    PRIMARY KEY (term, at, article_id)
) WITHOUT ROWID, STRICT;
-- Serves their end.
CREATE INDEX article_terms_by_time ON article_terms (at);
"""


_ENGRAMS = """
-- The engrams that were built here, as they were then; the files may have gone since.
CREATE TABLE engrams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    files INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
"""


_JUDGED = """
-- What an answer's confidence was computed from, by name, as a JSON object; NULL: not kept then.
ALTER TABLE answers ADD COLUMN signals TEXT;
-- Whether it turned out right, in [0, 1], and who says so; NULL: nobody has said.
ALTER TABLE answers ADD COLUMN outcome REAL;
ALTER TABLE answers ADD COLUMN judge TEXT;
-- The memory that a confirmed correction became; NULL: none.
ALTER TABLE feedback ADD COLUMN memory_id INTEGER;
-- Serves the feedback of an answer.
CREATE INDEX feedback_by_answer ON feedback (answer_id);
"""


_MINDS = """
-- The minds that the owner added; one that was removed stays, for the answers that it gave.
CREATE TABLE minds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,                -- MLX, HTTP or ENSEMBLE
    model TEXT NOT NULL,
    options TEXT NOT NULL,             -- a JSON object; never secrets
    parameters REAL,                   -- NULL: not known before it was loaded
    bytes_per_second REAL,             -- NULL: never measured
    added_at INTEGER NOT NULL,
    removed_at INTEGER                 -- NULL: it can be asked
) STRICT;
-- Keeps names apart.
CREATE UNIQUE INDEX minds_by_name ON minds (name) WHERE removed_at IS NULL;

-- How far each member of an ensemble stood behind an answer; with feedback, its weight.
CREATE TABLE mind_support (
    answer_id INTEGER NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
    mind TEXT NOT NULL,                -- its id
    share REAL NOT NULL,               -- in [0, 1]
    PRIMARY KEY (answer_id, mind)
) WITHOUT ROWID, STRICT;
"""


_UNREAD = """
ALTER TABLE articles ADD COLUMN read_at INTEGER;  -- when the owner read it; NULL: unread
-- 1: it has shrunk, or there was nothing to win.
ALTER TABLE articles ADD COLUMN shrunk INTEGER NOT NULL DEFAULT 0;
-- What was shrunk before this step cannot be read any more, so it is not kept for that.
UPDATE articles SET read_at = fetched_at
WHERE id <= (SELECT CAST(value AS INTEGER) FROM settings WHERE key = 'retention.place');
DELETE FROM settings WHERE key = 'retention.place';
-- Serves pages of what is unread.
CREATE INDEX articles_unread_by_time ON articles (at) WHERE read_at IS NULL;
-- Serves the same of one feed, and its count.
CREATE INDEX articles_unread_by_feed ON articles (feed_id, at) WHERE read_at IS NULL;
-- Serves retention: what was read and is whole.
CREATE INDEX articles_whole ON articles (fetched_at) WHERE read_at IS NOT NULL AND shrunk = 0;
"""

_NIGHTS = """
-- Who does a piece of work until when; a lease that has run out is anybody's.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;

-- The lineage of the weights: those that ship, and every candidate that was trained from them.
CREATE TABLE checkpoints (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_id INTEGER,                 -- checkpoints.id; NULL: weights that ship with selfd
    created_at INTEGER NOT NULL,
    origin TEXT,                       -- the kind of job that made it; NULL: it ships
    hash TEXT NOT NULL,                -- SHA-256 of header and arrays, as the file's header has it
    chain TEXT NOT NULL,               -- SHA-256 over the parent's chain and `hash`
    file TEXT,                         -- its name in checkpoints/; NULL: it ships, or is gone
    before REAL,                       -- held-out bits per byte of the parent; NULL: not measured
    after REAL,                        -- the same of this one; NULL: not measured
    promoted INTEGER NOT NULL,
    active INTEGER NOT NULL,           -- 1 for the one that serves
    reason TEXT NOT NULL,
    data_hash TEXT,                    -- SHA-256 over the text that it learned from; NULL: it ships
    figures TEXT NOT NULL              -- JSON
) STRICT;
-- At most one serves.
CREATE UNIQUE INDEX checkpoints_active ON checkpoints (active) WHERE active = 1;

-- What a checkpoint learned from, so that what is forgotten can be unlearned.
CREATE TABLE checkpoint_items (
    checkpoint_id INTEGER NOT NULL,    -- checkpoints.id
    kind INTEGER NOT NULL,             -- ids.py, CODES
    item INTEGER NOT NULL,
    PRIMARY KEY (kind, item, checkpoint_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE nights (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL UNIQUE,          -- the local date on which its window began
    began_at INTEGER NOT NULL,
    ended_at INTEGER,                  -- NULL: not yet
    watt_hours REAL NOT NULL,
    note TEXT NOT NULL                 -- why it waits, or how it ended
) STRICT;

CREATE TABLE night_steps (
    night_id INTEGER NOT NULL REFERENCES nights (id),
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,               -- PLANNED, RUNNING, DONE, SKIPPED or FAILED
    job_id INTEGER,                    -- jobs.id; NULL: none was started
    began_at INTEGER,                  -- NULL: not yet
    ended_at INTEGER,                  -- NULL: not yet
    note TEXT NOT NULL,
    figures TEXT NOT NULL,             -- JSON
    PRIMARY KEY (night_id, number)
) WITHOUT ROWID, STRICT;
"""

_LEARNED = """
-- What a checkpoint learned from, so that what is forgotten can be unlearned. The columns stand in
-- the order of the key: SQLite's integrity check misreads a WITHOUT ROWID table where they do not.
DROP TABLE checkpoint_items;
CREATE TABLE checkpoint_items (
    kind INTEGER NOT NULL,             -- ids.py, CODES
    item INTEGER NOT NULL,
    checkpoint_id INTEGER NOT NULL,    -- checkpoints.id
    PRIMARY KEY (kind, item, checkpoint_id)
) WITHOUT ROWID, STRICT;
"""


def m001_first(db: sqlite3.Connection) -> None:
    """Make the first tables: memories, documents, feeds, conversations, jobs, events."""
    for statements in (_MEMORIES, _READING, _TALKING, _WORKING):
        execute_all(db, statements)


def m002_stories(db: sqlite3.Connection) -> None:
    """Make the tables of stories; the articles that there are find their stories afterwards."""
    execute_all(db, _STORIES)


def m003_terms(db: sqlite3.Connection) -> None:
    """Make the tables of terms; articles that were placed before this step are not counted."""
    execute_all(db, _TERMS)


def m004_engrams(db: sqlite3.Connection) -> None:
    """Make the table of engrams; those that were built before this step are not in it."""
    execute_all(db, _ENGRAMS)


def m005_judged(db: sqlite3.Connection) -> None:
    """Keep what an answer's confidence rests on, and how it turned out; older ones have neither."""
    execute_all(db, _JUDGED)


def m006_minds(db: sqlite3.Connection) -> None:
    """Make the tables of minds; so far there was only the built-in one."""
    execute_all(db, _MINDS)


def m007_unread(db: sqlite3.Connection) -> None:
    """Tell what was read from what was not; all that is whole counts as unread at first."""
    execute_all(db, _UNREAD)


def m008_graph(db: sqlite3.Connection) -> None:
    """Make the tables of entities, statements and reflections; they are filled afterwards."""
    for statements in (GRAPH, REFLECTIONS):
        execute_all(db, statements)


_ADAPTERS = """
-- The mind whose adapter this is, by its id; NULL: weights of the built-in model.
ALTER TABLE checkpoints ADD COLUMN mind TEXT;
-- At most one of each mind serves.
DROP INDEX checkpoints_active;
CREATE UNIQUE INDEX checkpoints_active ON checkpoints (coalesce(mind, '')) WHERE active = 1;
"""


def m009_nights(db: sqlite3.Connection) -> None:
    """Make the tables of leases, nights, and the lineage of the weights, which begins empty."""
    execute_all(db, _NIGHTS)


def m010_self_model(db: sqlite3.Connection) -> None:
    """Make the tables of the self-model: journal, versions, goals, assessments; all empty."""
    execute_all(db, SELF_MODEL)


def m011_tiers(db: sqlite3.Connection) -> None:
    """Make room for dictionaries and what they were trained on; propose twins by their wording."""
    for statements in (DICTIONARIES, OWN_WORDS):
        execute_all(db, statements)
    propose_anew(db)


def m012_learned(db: sqlite3.Connection) -> None:
    """Make the table of what checkpoints learned from anew; nothing was ever learned before."""
    execute_all(db, _LEARNED)


def m013_adapters(db: sqlite3.Connection) -> None:
    """Give each mind that is adapted a lineage of its own; all so far is the built-in model's."""
    execute_all(db, _ADAPTERS)


def execute_all(db: sqlite3.Connection, statements: str) -> None:
    """Run several statements inside the open transaction (`executescript` would commit it)."""
    statement = ""
    for line in statements.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""


STEPS: tuple[Migration, ...] = (
    m001_first,
    m002_stories,
    m003_terms,
    m004_engrams,
    m005_judged,
    m006_minds,
    m007_unread,
    m008_graph,
    m009_nights,
    m010_self_model,
    m011_tiers,
    m012_learned,
    m013_adapters,
)
