"""Lists are read along an index: no statement of a page sorts or walks a table to find its rows."""

from __future__ import annotations

from types import ModuleType

import pytest

from selfd_storage import Store
from selfd_storage.memory import rows as memory_rows
from selfd_storage.reading import articles, retention
from selfd_storage.self_model import thoughts
from selfd_storage.self_model import versions as self_versions
from selfd_storage.working import jobs

pytestmark = pytest.mark.anyio

VALUES = dict.fromkeys(
    (
        "at",
        "number",
        "kind",
        "tag",
        "as_of",
        "limit",
        "since",
        "until",
        "feed",
        "state",
        "ids",
        "before",
    ),
    0,
)
PAGES: list[tuple[ModuleType, str]] = [
    (memory_rows, "_PAGE_NOW"),
    (memory_rows, "_PAGE_THEN"),
    (memory_rows, "_TAGGED_NOW"),
    (memory_rows, "_TAGGED_THEN"),
    (articles, "_PAGE"),
    (articles, "_PAGE_OF_FEED"),
    (articles, "_UNREAD"),
    (articles, "_UNREAD_OF_FEED"),
    (retention, "_OLD"),
    (jobs, "_PAGE"),
    (jobs, "_PAGE_OF_STATE"),
    (thoughts, "_PAGE"),
    (thoughts, "_BETWEEN"),
    (self_versions, "_AS_OF"),
]
LOOKUPS: list[tuple[ModuleType, str]] = [
    (memory_rows, "_IDS_NOW"),
    (memory_rows, "_IDS_THEN"),
    (articles, "_BY_ID"),
    (jobs, "_BY_ID"),
    (thoughts, "_BY_ID"),
]


async def plan(store: Store, module: ModuleType, name: str) -> list[str]:
    statement = "EXPLAIN QUERY PLAN " + getattr(module, name)
    return await store.database.read(
        lambda db: [str(row[3]) for row in db.execute(statement, VALUES)]
    )


@pytest.mark.parametrize(("module", "name"), PAGES)
async def test_a_page_is_read_along_its_index(store: Store, module: ModuleType, name: str) -> None:
    steps = await plan(store, module, name)
    assert steps[0].startswith("SEARCH"), steps
    assert " INDEX " in steps[0] or "PRIMARY KEY (tag_id" in steps[0], steps
    sorts_of_tags = 1 if module is memory_rows else 0  # a handful for each row
    assert sum("TEMP B-TREE" in step for step in steps) == sorts_of_tags, steps


@pytest.mark.parametrize(("module", "name"), LOOKUPS)
async def test_rows_are_looked_up_by_their_number(
    store: Store, module: ModuleType, name: str
) -> None:
    steps = await plan(store, module, name)
    assert steps[0].startswith("SEARCH"), steps
    assert "INTEGER PRIMARY KEY" in steps[0], steps
