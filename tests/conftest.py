"""Fixtures and settings for every test."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # two cores are enough for one suite


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio alone: the daemon is built on it."""
    return "asyncio"
