"""Eight writers and thirty-two readers at once, and the upkeep among them: nobody hears "locked".

`python -m bench crowd` does the same for a minute.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_storage import Store
from support.crowd import crowd
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio


async def test_eight_writers_and_thirty_two_readers_get_along(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        seen = await crowd(store, seconds=2.0)
        assert seen.errors == []
        assert seen.done["write"] >= 8
        assert seen.done["read"] >= 32
        assert seen.done["upkeep"] >= 1
        assert await store.verify() == []
