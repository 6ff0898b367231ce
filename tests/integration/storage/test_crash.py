"""kill -9 during consolidation, moves, learning and embedding: nothing acknowledged goes.

`python -m bench crash` does the same a hundred times each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.crashing import WORKS, Witness

pytestmark = pytest.mark.anyio

TIMES = 2


@pytest.mark.parametrize("name", WORKS)
async def test_whatever_upkeep_was_doing_all_that_was_acknowledged_is_there(
    tmp_path: Path, name: str
) -> None:
    witness = Witness(tmp_path)
    for seed in range(1, TIMES + 1):
        witness.live_and_die(name, seed)
        await witness.check()
    assert len(witness.told) >= TIMES
