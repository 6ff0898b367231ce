"""The schema of `selfd.db`, one function a step; steps are appended, never edited.

Times are milliseconds since 1970 in UTC. Text that may be long lies in `body` with `codec`,
`dictionary` (NULL: the codec needs none) and `size` (raw bytes), as `packing/codecs.py` tells;
`tier` says how it was last packed. `hash` is the content hash of `packing/integrity.py`. Ids are
never used again. A column that no index begins with names its parent in a comment, not in a
REFERENCES clause: SQLite would read the whole table for every parent that is deleted. The
statements lie beside this file, by topic.
"""

from __future__ import annotations

from selfd_storage._sqlite import sqlite3
from selfd_storage.schema.first import MEMORIES, READING, TALKING, WORKING
from selfd_storage.schema.graph import GRAPH, REFLECTIONS
from selfd_storage.schema.migrations import Migration
from selfd_storage.schema.reading import STORIES, TERMS, UNREAD
from selfd_storage.schema.self_model import SELF_MODEL
from selfd_storage.schema.tiers import DICTIONARIES, OWN_WORDS, propose_anew
from selfd_storage.schema.working import ADAPTERS, ENGRAMS, JUDGED, LEARNED, MINDS, NIGHTS

APPLICATION_ID = int.from_bytes(b"slfd", "big")


def m001_first(db: sqlite3.Connection) -> None:
    """Make the first tables: memories, documents, feeds, conversations, jobs, events."""
    for statements in (MEMORIES, READING, TALKING, WORKING):
        execute_all(db, statements)


def m002_stories(db: sqlite3.Connection) -> None:
    """Make the tables of stories; the articles that there are find their stories afterwards."""
    execute_all(db, STORIES)


def m003_terms(db: sqlite3.Connection) -> None:
    """Make the tables of terms; articles that were placed before this step are not counted."""
    execute_all(db, TERMS)


def m004_engrams(db: sqlite3.Connection) -> None:
    """Make the table of engrams; those that were built before this step are not in it."""
    execute_all(db, ENGRAMS)


def m005_judged(db: sqlite3.Connection) -> None:
    """Keep what an answer's confidence rests on, and how it turned out; older ones have neither."""
    execute_all(db, JUDGED)


def m006_minds(db: sqlite3.Connection) -> None:
    """Make the tables of minds; so far there was only the built-in one."""
    execute_all(db, MINDS)


def m007_unread(db: sqlite3.Connection) -> None:
    """Tell what was read from what was not; all that is whole counts as unread at first."""
    execute_all(db, UNREAD)


def m008_graph(db: sqlite3.Connection) -> None:
    """Make the tables of entities, statements and reflections; they are filled afterwards."""
    for statements in (GRAPH, REFLECTIONS):
        execute_all(db, statements)


def m009_nights(db: sqlite3.Connection) -> None:
    """Make the tables of leases, nights, and the lineage of the weights, which begins empty."""
    execute_all(db, NIGHTS)


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
    execute_all(db, LEARNED)


def m013_adapters(db: sqlite3.Connection) -> None:
    """Give each mind that is adapted a lineage of its own; all so far is the built-in model's."""
    execute_all(db, ADAPTERS)


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
