"""The page about the files names every table, codec and figure as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_storage import RoomLimits, Store
from selfd_storage.events import DEFAULT_KEEP
from selfd_storage.packing.codecs import CODECS

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "files.md"


async def test_every_table_is_on_the_page(store: Store) -> None:
    tables = await store.database.read(
        lambda db: db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    )
    page = PAGE.read_text("utf-8")
    ours = {name for (name,) in tables if not name.startswith("sqlite_")}
    assert {name for name in ours if f"`{name}`" not in page} == set()


def test_the_figures_on_the_page_are_the_figures_in_the_code() -> None:
    page = PAGE.read_text("utf-8")
    assert f"Below {RoomLimits().floor // 1_000_000} MB of free space" in page
    assert f"`ballast` | {RoomLimits().ballast // 1_000_000} MB of noise" in page
    assert f"the newest {DEFAULT_KEEP:,} are kept" in page
    for number, codec in CODECS.items():
        assert f"{number} {codec.name}".lower() in page.lower()
