"""A training steps back behind everything else, within its session and beside others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from selfd_models.training.background import AUTOGROUP, step_back

TOLD = """
import os
from selfd_models.training.background import AUTOGROUP, step_back
step_back(15)
print(os.nice(0))
said = AUTOGROUP.read_text().split() if AUTOGROUP.exists() else []
print(said[-1] if said else "ungrouped")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
@pytest.mark.parametrize("alone", [True, False])
def test_a_process_steps_back_and_its_group_where_that_is_its_own(alone: bool) -> None:
    before = AUTOGROUP.read_text() if AUTOGROUP.exists() else ""
    done = subprocess.run(
        [sys.executable, "-c", TOLD], capture_output=True, text=True, start_new_session=alone
    )
    assert done.returncode == 0, done.stderr
    niceness, group = done.stdout.split()
    assert int(niceness) >= 15
    if alone:
        assert group in ("15", "ungrouped")  # the latter where the system keeps no groups
    assert (AUTOGROUP.read_text() if AUTOGROUP.exists() else "") == before


def test_nothing_changes_where_no_niceness_is_asked() -> None:
    before = os.nice(0)
    step_back(0)
    assert os.nice(0) == before
