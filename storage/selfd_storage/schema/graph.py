"""The tables of who and what texts name, of what they state, and of what reflections cite.

All of it follows from memories and articles and can be made anew, but for the statements that a
mind proposed; it lies in `selfd.db` so that forgetting takes it away in one transaction.
"""

from __future__ import annotations

GRAPH = """
-- Who and what the texts name. One that no item names any more goes.
CREATE TABLE entities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,          -- its name, folded: graph/rows.py, name_key
    name TEXT NOT NULL                 -- as it was spelt first
) STRICT;

-- The items that name an entity, and serves those that share one.
CREATE TABLE mentions (
    entity_id INTEGER NOT NULL REFERENCES entities (id),
    item_kind INTEGER NOT NULL,        -- ids.py, CODES
    item INTEGER NOT NULL,
    PRIMARY KEY (entity_id, item_kind, item)
) WITHOUT ROWID, STRICT;
-- Serves the entities of an item, and its forgetting.
CREATE INDEX mentions_by_item ON mentions (item_kind, item);

-- What items state, each in its words. From when until when something held is computed from all
-- statements about it (timeline.py), so that forgetting one of them leaves nothing of it behind.
CREATE TABLE statements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject_id INTEGER NOT NULL REFERENCES entities (id),
    predicate TEXT NOT NULL,
    object TEXT NOT NULL,              -- as it was spelt
    object_id INTEGER REFERENCES entities (id),  -- NULL: it is no entity
    item_kind INTEGER NOT NULL,        -- ids.py, CODES
    item INTEGER NOT NULL,
    at INTEGER NOT NULL,               -- when it was said
    since INTEGER,                     -- from when on, as the words say; NULL: they do not
    until INTEGER,                     -- until when, as the words say; NULL: it holds
    origin INTEGER NOT NULL,           -- graph/rows.py, ORIGINS
    quote TEXT NOT NULL                -- the words of the item that say so
) STRICT;
-- Serves what is stated of an entity.
CREATE INDEX statements_by_subject ON statements (subject_id, predicate);
-- Serves what is stated with an entity as the object.
CREATE INDEX statements_by_object ON statements (object_id) WHERE object_id IS NOT NULL;
-- Serves the reading of an item anew, and its forgetting.
CREATE INDEX statements_by_item ON statements (item_kind, item);
"""

REFLECTIONS = """
-- The memories that a reflection quotes, in its order.
CREATE TABLE reflection_sources (
    reflection_id INTEGER NOT NULL,    -- memories.id
    position INTEGER NOT NULL,
    memory_id INTEGER NOT NULL,        -- memories.id
    quote TEXT NOT NULL,               -- the words of the memory
    PRIMARY KEY (reflection_id, position)
) WITHOUT ROWID, STRICT;
-- Serves the forgetting of a memory, and the reflections over it.
CREATE INDEX reflection_sources_by_memory ON reflection_sources (memory_id);

-- The episodes that were reflected on, so that none is twice. An episode is known by a hash over
-- its memories: when one of them changes or goes, it is another.
CREATE TABLE episodes (
    fingerprint BLOB PRIMARY KEY,
    reflection_id INTEGER              -- memories.id; NULL: there was nothing to tell
) WITHOUT ROWID, STRICT;
-- Serves the end of a reflection.
CREATE INDEX episodes_by_reflection ON episodes (reflection_id);
"""
