"""Fixtures for tests that fetch from a web on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from support.web import LocalWeb


@pytest.fixture
async def web(anyio_backend: str) -> AsyncIterator[LocalWeb]:
    """A web on loopback, stopped afterwards."""
    local = LocalWeb()
    await local.start()
    yield local
    await local.stop()
