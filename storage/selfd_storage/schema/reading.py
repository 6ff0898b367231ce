"""The tables of stories and of their terms, and what tells read articles from unread ones."""

from __future__ import annotations

STORIES = """
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

TERMS = """
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

UNREAD = """
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
