"""Texts that give a machine orders become articles, and nothing else: no tool, memory or lesson."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.strangers import AROUND, OWN, effects, samples
from support.web import LocalWeb

pytestmark = pytest.mark.anyio


async def test_orders_in_articles_change_nothing_but_articles(
    web: LocalWeb, tmp_path: Path
) -> None:
    texts = samples()
    found = await effects(tmp_path, web, texts)
    assert found.articles == len(texts)
    assert found.memories == OWN
    assert found.feeds == 1
    assert found.jobs == ()
    assert found.requested == ("/0",), "nothing that an article names is fetched"
    assert "around the lake" in found.learned
    assert AROUND.strip() not in found.learned
    assert not any(text in found.learned for text in texts)
    forbidden = ("memory.updated", "memory.forgotten", "mind.", "tool.", "goal.", "night.", "job.")
    assert [kind for kind in found.events if kind.startswith(forbidden)] == []
