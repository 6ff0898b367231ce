"""The tables of engrams, minds, nights and the lineage of the weights; how answers turned out."""

from __future__ import annotations

ENGRAMS = """
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

JUDGED = """
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

MINDS = """
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

NIGHTS = """
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

LEARNED = """
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

ADAPTERS = """
-- The mind whose adapter this is, by its id; NULL: weights of the built-in model.
ALTER TABLE checkpoints ADD COLUMN mind TEXT;
-- At most one of each mind serves.
DROP INDEX checkpoints_active;
CREATE UNIQUE INDEX checkpoints_active ON checkpoints (coalesce(mind, '')) WHERE active = 1;
"""
