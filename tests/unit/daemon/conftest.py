"""A real store in a folder of its own, for the services that are built on one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from selfd_storage import Store


@pytest.fixture
async def store(tmp_path: Path, anyio_backend: str) -> AsyncIterator[Store]:
    """Give an empty store, closed after the test."""
    opened = await Store.open(tmp_path)
    yield opened
    await opened.close()
