"""A store on a real file, with its clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from selfd_storage import Store
from support.storage import ANY_ROOM, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as opened:
        yield opened
