PRAGMA application_id = 1936483940;
PRAGMA user_version = 13;
BEGIN TRANSACTION;
CREATE TABLE answer_fingerprints (
    fingerprint INTEGER NOT NULL,
    message_id INTEGER NOT NULL,       -- messages.id
    PRIMARY KEY (fingerprint, message_id)
) WITHOUT ROWID, STRICT;
CREATE TABLE answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    question_id INTEGER NOT NULL REFERENCES messages (id),
    message_id INTEGER NOT NULL UNIQUE REFERENCES messages (id),
    confidence REAL NOT NULL,
    abstained INTEGER NOT NULL,
    mind TEXT NOT NULL,
    task TEXT NOT NULL,
    seconds REAL NOT NULL
, signals TEXT, outcome REAL, judge TEXT) STRICT;
INSERT INTO "answers" VALUES(1,1,2,0.5,0,'builtin','fact',0.25,NULL,1.0,'feedback');
CREATE TABLE article_terms (
    term TEXT NOT NULL,
    at INTEGER NOT NULL,               -- articles.at
    article_id INTEGER NOT NULL,       -- articles.id
    PRIMARY KEY (term, at, article_id)
) WITHOUT ROWID, STRICT;
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
, read_at INTEGER, shrunk INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO "articles" VALUES(1,1,1767225600000,1767225600000,1767226380000,-5033049100569949639,0,1,NULL,240,X'2F3B61EA1577C36E3A45353BD1E5CD31',X'F1155B226731222C20224E657773222C202268747470733A2F2F6578616D706C652E6F72672F2100FF0153686F72742E222C20224C6F6E672E2006009B90222C20223C703E225D',NULL,0);
CREATE TABLE assessments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    score REAL NOT NULL,
    seconds REAL NOT NULL,
    tests TEXT NOT NULL                -- JSON list of objects
) STRICT;
CREATE TABLE checkpoint_items (
    kind INTEGER NOT NULL,             -- ids.py, CODES
    item INTEGER NOT NULL,
    checkpoint_id INTEGER NOT NULL,    -- checkpoints.id
    PRIMARY KEY (kind, item, checkpoint_id)
) WITHOUT ROWID, STRICT;
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
, mind TEXT) STRICT;
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
INSERT INTO "chunks" VALUES(1,1,1,2,0,0,NULL,7,X'4BEFCFC2B654433ACF3D49062D09FF6B',X'6F6E652074776F');
INSERT INTO "chunks" VALUES(2,1,3,3,0,0,NULL,5,X'04F5D5F8F7B7AEB09547CBC0E527C4C6',X'7468726565');
CREATE TABLE citations (
    answer_id INTEGER NOT NULL REFERENCES answers (id),
    position INTEGER NOT NULL,
    item_kind INTEGER NOT NULL,        -- ids.py, CODES
    item INTEGER NOT NULL,             -- may be gone by now
    quote TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (answer_id, position)
) WITHOUT ROWID, STRICT;
INSERT INTO "citations" VALUES(1,0,1,1,'Ada was the name',0.75);
CREATE TABLE claims (
    article_id INTEGER NOT NULL REFERENCES articles (id),
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (article_id, position)
) WITHOUT ROWID, STRICT;
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
INSERT INTO "conversations" VALUES(1,'Who?',1767226500000);
CREATE TABLE dictionaries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    made_at INTEGER NOT NULL,
    content TEXT NOT NULL,             -- whose texts it was trained on: tiers.py, PACKED
    key INTEGER NOT NULL UNIQUE,       -- with which a body that needs it begins
    samples BLOB NOT NULL,             -- the rows that it was trained on: dictionaries.py
    stale INTEGER NOT NULL,            -- 1: one of these is gone, so this must go too
    body BLOB NOT NULL
) STRICT;
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    content_hash BLOB NOT NULL,        -- over the file's bytes
    modified_at INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL
) STRICT;
INSERT INTO "documents" VALUES(1,'/notes/a.txt','text/plain',14,X'01010101010101010101010101010101',1767225600000,1767226140000);
CREATE TABLE engrams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    files INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL,
    stored_bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE entities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,          -- its name, folded: graph_rows.py, name_key
    name TEXT NOT NULL                 -- as it was spelt first
) STRICT;
CREATE TABLE episodes (
    fingerprint BLOB PRIMARY KEY,
    reflection_id INTEGER              -- memories.id; NULL: there was nothing to tell
) WITHOUT ROWID, STRICT;
CREATE TABLE event_kinds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "event_kinds" VALUES(1,'memory.added');
INSERT INTO "event_kinds" VALUES(2,'memory.merged');
INSERT INTO "event_kinds" VALUES(3,'memory.updated');
INSERT INTO "event_kinds" VALUES(4,'document.ingested');
INSERT INTO "event_kinds" VALUES(5,'feed.added');
INSERT INTO "event_kinds" VALUES(6,'feed.polled');
INSERT INTO "event_kinds" VALUES(7,'article.added');
INSERT INTO "event_kinds" VALUES(8,'answer.given');
INSERT INTO "event_kinds" VALUES(9,'feedback.given');
INSERT INTO "event_kinds" VALUES(10,'job.queued');
INSERT INTO "event_kinds" VALUES(11,'job.succeeded');
CREATE TABLE events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL REFERENCES event_kinds (id),
    subject_kind INTEGER,              -- ids.py, CODES; NULL: `subject` is no id
    subject ANY,                       -- row number, whole text, or NULL: about nothing
    payload TEXT                       -- JSON object; NULL: an empty one
) STRICT;
INSERT INTO "events" VALUES(1,1767225660000,1,1,1,NULL);
INSERT INTO "events" VALUES(2,1767225780000,2,1,1,NULL);
INSERT INTO "events" VALUES(3,1767225900000,1,1,2,NULL);
INSERT INTO "events" VALUES(4,1767226080000,3,1,1,NULL);
INSERT INTO "events" VALUES(5,1767226200000,4,3,1,'{"new":true,"chunks":2,"added":[[1,2]],"removed":[]}');
INSERT INTO "events" VALUES(6,1767226320000,5,5,1,NULL);
INSERT INTO "events" VALUES(7,1767226440000,7,2,1,'{"feed":"feed:1"}');
INSERT INTO "events" VALUES(8,1767226440000,6,5,1,'{"new":1}');
INSERT INTO "events" VALUES(9,1767226560000,8,8,1,'{"conversation":"conversation:1"}');
INSERT INTO "events" VALUES(10,1767226680000,9,8,1,'{"rating":1}');
INSERT INTO "events" VALUES(11,1767226800000,10,9,1,'{"kind":"INGEST"}');
INSERT INTO "events" VALUES(12,1767226860000,11,9,1,'{"kind":"INGEST"}');
CREATE TABLE feedback (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    answer_id INTEGER NOT NULL REFERENCES answers (id),
    at INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    correction TEXT                    -- NULL: none was given
, memory_id INTEGER) STRICT;
INSERT INTO "feedback" VALUES(1,1,1767226620000,1,'yes',NULL);
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
INSERT INTO "feeds" VALUES(1,'https://example.org/feed','Example',1767226260000,1767225600000,1767229200000,NULL,0,0,'"1"',NULL,X'02020202020202020202020202020202');
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
CREATE TABLE gone_samples (
    content TEXT NOT NULL,
    item INTEGER NOT NULL,
    PRIMARY KEY (content, item)
) WITHOUT ROWID, STRICT;
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
INSERT INTO "jobs" VALUES(1,'INGEST','SUCCEEDED',1.0,'',1767226740000,NULL,NULL,'{"path": "/notes"}','{"files": 1}',NULL);
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
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
INSERT INTO "memories" VALUES(1,0,1767225600000,NULL,1767225960000,1,'[1]',2,NULL,0,0,NULL,27,X'7D4DA403C5B8669B24FAFB187C841682',X'4164612077617320746865206E616D65206F66206D79206361742E');
INSERT INTO "memories" VALUES(2,1,1767225840000,NULL,NULL,NULL,NULL,1,1500,0,1,NULL,280,X'C9D41E1B75EECFC6DE41329758C32034',X'EF5261696E20616C6C206461792E200E00F2506461792E20');
CREATE TABLE memory_fingerprints (
    fingerprint INTEGER NOT NULL,
    memory_id INTEGER NOT NULL,        -- memories.id
    PRIMARY KEY (fingerprint, memory_id)
) WITHOUT ROWID, STRICT;
INSERT INTO "memory_fingerprints" VALUES(-1024180952,1);
INSERT INTO "memory_fingerprints" VALUES(1211371315,2);
CREATE TABLE memory_occurrences (
    memory_id INTEGER NOT NULL REFERENCES memories (id),
    number INTEGER NOT NULL,           -- from 2 on; the memory itself is the first
    at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    source_id INTEGER,                 -- sources.id; NULL: not said
    text TEXT,                         -- as it was told; NULL: to the letter as the memory
    PRIMARY KEY (memory_id, number)
) WITHOUT ROWID, STRICT;
INSERT INTO "memory_occurrences" VALUES(1,2,1767225600000,1767225720000,1,'ada is the name of my cat.');
CREATE TABLE memory_tags (
    tag_id INTEGER NOT NULL REFERENCES tags (id),
    at INTEGER NOT NULL,
    memory_id INTEGER NOT NULL,        -- memories.id
    PRIMARY KEY (tag_id, at, memory_id)
) WITHOUT ROWID, STRICT;
INSERT INTO "memory_tags" VALUES(1,1767225600000,1);
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
INSERT INTO "memory_versions" VALUES(1,1,1767225600000,1767225960000,'[1,2]',0,0,NULL,26,X'4321513BBF3779C278619CC612EA1670',X'41646120697320746865206E616D65206F66206D79206361742E');
CREATE TABLE mentions (
    entity_id INTEGER NOT NULL REFERENCES entities (id),
    item_kind INTEGER NOT NULL,        -- ids.py, CODES
    item INTEGER NOT NULL,
    PRIMARY KEY (entity_id, item_kind, item)
) WITHOUT ROWID, STRICT;
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
INSERT INTO "messages" VALUES(1,1,0,1767226500000,0,0,NULL,4,X'18096B81FB1D303884DC408BE1A9BDE9',X'57686F3F');
INSERT INTO "messages" VALUES(2,1,1,1767226500000,0,0,NULL,16,X'4D1C8F5F271992BD82DB5FEED818CE93',X'4164612077617320746865206E616D65');
CREATE TABLE mind_support (
    answer_id INTEGER NOT NULL REFERENCES answers (id) ON DELETE CASCADE,
    mind TEXT NOT NULL,                -- its id
    share REAL NOT NULL,               -- in [0, 1]
    PRIMARY KEY (answer_id, mind)
) WITHOUT ROWID, STRICT;
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
CREATE TABLE nights (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL UNIQUE,          -- the local date on which its window began
    began_at INTEGER NOT NULL,
    ended_at INTEGER,                  -- NULL: not yet
    watt_hours REAL NOT NULL,
    note TEXT NOT NULL                 -- why it waits, or how it ended
) STRICT;
CREATE TABLE reflection_sources (
    reflection_id INTEGER NOT NULL,    -- memories.id
    position INTEGER NOT NULL,
    memory_id INTEGER NOT NULL,        -- memories.id
    quote TEXT NOT NULL,               -- the words of the memory
    PRIMARY KEY (reflection_id, position)
) WITHOUT ROWID, STRICT;
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
CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL                -- JSON
) WITHOUT ROWID, STRICT;
INSERT INTO "settings" VALUES('born','"2026-01-01T00:00:00+00:00"');
CREATE TABLE sightings (
    feed_id INTEGER NOT NULL REFERENCES feeds (id),
    guid INTEGER NOT NULL,             -- 64-bit hash of the feed's own id
    article_id INTEGER NOT NULL REFERENCES articles (id),
    PRIMARY KEY (feed_id, guid)
) WITHOUT ROWID, STRICT;
INSERT INTO "sightings" VALUES(1,4907432730037124645,1);
CREATE TABLE sources (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    uses INTEGER NOT NULL
) STRICT;
INSERT INTO "sources" VALUES(1,'chat',2);
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
    origin INTEGER NOT NULL,           -- graph_rows.py, ORIGINS
    quote TEXT NOT NULL                -- the words of the item that say so
) STRICT;
CREATE TABLE stories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    first_seen_at INTEGER NOT NULL,    -- when its first article was fetched
    seen_at INTEGER NOT NULL,          -- when its last one was
    latest_at INTEGER NOT NULL,        -- the greatest `at` of its articles
    articles INTEGER NOT NULL,
    sources INTEGER NOT NULL           -- independent ones: story_rows.py, independent
) STRICT;
CREATE TABLE story_articles (
    article_id INTEGER PRIMARY KEY REFERENCES articles (id),
    story_id INTEGER NOT NULL REFERENCES stories (id),
    publisher TEXT NOT NULL,
    copy_of INTEGER                    -- articles.id; NULL: a text of its own
) STRICT;
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "tags" VALUES(1,'cat');
INSERT INTO "tags" VALUES(2,'home');
CREATE TABLE term_hours (
    term TEXT NOT NULL,
    hour INTEGER NOT NULL,             -- whole hours since 1970
    articles INTEGER NOT NULL,
    PRIMARY KEY (term, hour)
) WITHOUT ROWID, STRICT;
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
CREATE INDEX memories_by_time ON memories (at, id, kind);
CREATE INDEX memory_versions_by_memory ON memory_versions (memory_id, valid_from);
CREATE INDEX chunks_by_document ON chunks (document_id);
CREATE INDEX articles_by_time ON articles (at);
CREATE INDEX articles_by_feed ON articles (feed_id, at);
CREATE INDEX articles_by_fingerprint ON articles (fingerprint);
CREATE INDEX sightings_by_article ON sightings (article_id, feed_id);
CREATE INDEX conversations_by_time ON conversations (created_at);
CREATE INDEX messages_by_conversation ON messages (conversation_id);
CREATE INDEX citations_by_item ON citations (item_kind, item);
CREATE INDEX jobs_by_time ON jobs (created_at);
CREATE INDEX jobs_by_state ON jobs (state, created_at);
CREATE INDEX stories_by_time ON stories (seen_at);
CREATE INDEX story_articles_by_story ON story_articles (story_id);
CREATE INDEX term_hours_by_hour ON term_hours (hour);
CREATE INDEX article_terms_by_time ON article_terms (at);
CREATE INDEX feedback_by_answer ON feedback (answer_id);
CREATE UNIQUE INDEX minds_by_name ON minds (name) WHERE removed_at IS NULL;
CREATE INDEX articles_unread_by_time ON articles (at) WHERE read_at IS NULL;
CREATE INDEX articles_unread_by_feed ON articles (feed_id, at) WHERE read_at IS NULL;
CREATE INDEX articles_whole ON articles (fetched_at) WHERE read_at IS NOT NULL AND shrunk = 0;
CREATE INDEX mentions_by_item ON mentions (item_kind, item);
CREATE INDEX statements_by_subject ON statements (subject_id, predicate);
CREATE INDEX statements_by_object ON statements (object_id) WHERE object_id IS NOT NULL;
CREATE INDEX statements_by_item ON statements (item_kind, item);
CREATE INDEX reflection_sources_by_memory ON reflection_sources (memory_id);
CREATE INDEX episodes_by_reflection ON episodes (reflection_id);
CREATE INDEX thoughts_by_time ON thoughts (at);
CREATE INDEX self_versions_by_time ON self_versions (at);
CREATE UNIQUE INDEX goals_own ON goals (measure) WHERE is_own = 1;
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
CREATE TRIGGER messages_redacted AFTER UPDATE OF hash ON messages
WHEN EXISTS (SELECT 1 FROM dictionaries WHERE content = 'message') BEGIN
    INSERT OR IGNORE INTO gone_samples (content, item) VALUES ('message', OLD.id);
END;
CREATE UNIQUE INDEX checkpoints_active ON checkpoints (coalesce(mind, '')) WHERE active = 1;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sources',2);
INSERT INTO "sqlite_sequence" VALUES('tags',2);
INSERT INTO "sqlite_sequence" VALUES('memories',2);
INSERT INTO "sqlite_sequence" VALUES('event_kinds',11);
INSERT INTO "sqlite_sequence" VALUES('events',12);
INSERT INTO "sqlite_sequence" VALUES('memory_versions',1);
INSERT INTO "sqlite_sequence" VALUES('documents',1);
INSERT INTO "sqlite_sequence" VALUES('chunks',2);
INSERT INTO "sqlite_sequence" VALUES('feeds',1);
INSERT INTO "sqlite_sequence" VALUES('articles',1);
INSERT INTO "sqlite_sequence" VALUES('conversations',1);
INSERT INTO "sqlite_sequence" VALUES('messages',2);
INSERT INTO "sqlite_sequence" VALUES('answers',1);
INSERT INTO "sqlite_sequence" VALUES('feedback',1);
INSERT INTO "sqlite_sequence" VALUES('jobs',1);
COMMIT;
