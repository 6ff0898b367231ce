"""Work beside everything else: stopped with the block, and no fault of it is lost or spreads."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from selfd_daemon.background import in_background

pytestmark = pytest.mark.anyio


async def test_it_is_stopped_with_the_block_and_may_clean_up() -> None:
    steps: list[str] = []

    async def work() -> None:
        steps.append("began")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned up")

    async with in_background(work(), "work"):
        await asyncio.sleep(0)
        assert steps == ["began"]
    assert steps == ["began", "cleaned up"]


async def test_a_fault_is_logged_and_the_block_goes_on() -> None:
    async def work() -> None:
        raise ZeroDivisionError("it broke")

    with capture_logs() as lines:
        async with in_background(work(), "feeds"):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    assert [(line["event"], line["name"]) for line in lines] == [("background work ended", "feeds")]
    assert isinstance(lines[0]["exc_info"], ZeroDivisionError)
