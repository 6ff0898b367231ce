"""The tables of the self-model: what a step of steps.py makes of them."""

from __future__ import annotations

SELF_MODEL = """
-- What came to attention. The text tells of log entries `first` to `last` and quotes no stored
-- text, so that there is nothing in it to be forgotten.
CREATE TABLE thoughts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,               -- when the last of it happened
    source TEXT NOT NULL,              -- the module that posted it
    salience REAL NOT NULL,
    first INTEGER NOT NULL,            -- events.sequence; may be gone by now
    last INTEGER NOT NULL,
    text TEXT NOT NULL,
    about TEXT NOT NULL,               -- JSON list of ids
    hash BLOB NOT NULL
) STRICT;
-- Serves pages of the journal, and what happened on a day.
CREATE INDEX thoughts_by_time ON thoughts (at);

-- The whole self-model as it was from `at` until the next version.
CREATE TABLE self_versions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    tier INTEGER NOT NULL,
    codec INTEGER NOT NULL,
    dictionary INTEGER REFERENCES dictionaries (id),
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    body BLOB NOT NULL                 -- JSON
) STRICT;
-- Serves the look at the self-model as of a moment.
CREATE INDEX self_versions_by_time ON self_versions (at);

CREATE TABLE goals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    is_own INTEGER NOT NULL,           -- 1: selfd set it itself
    measure TEXT,                      -- self_model/goals.py; NULL: only its owner can tell
    baseline REAL,                     -- measured when it was set; NULL: not measured
    target REAL,                       -- NULL: not measured
    current REAL,                      -- as measured last; NULL: not measured
    progress REAL NOT NULL,
    created_at INTEGER NOT NULL,
    reached_at INTEGER                 -- when progress first was 1; NULL: never yet
) STRICT;
-- A goal of selfd's own is set once.
CREATE UNIQUE INDEX goals_own ON goals (measure) WHERE is_own = 1;

CREATE TABLE assessments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    score REAL NOT NULL,
    seconds REAL NOT NULL,
    tests TEXT NOT NULL                -- JSON list of objects
) STRICT;
"""
