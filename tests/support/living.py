"""The daemon of `night_daemon` in a process of its own, to be killed, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfd_daemon.nights.generations.lineage import verified
from selfd_models.checkpoint import load
from selfd_storage import Store

TESTS = Path(__file__).parents[1]
Line = dict[str, Any]


class Living:
    """A daemon in a process of its own, read line by line."""

    def __init__(self, data: Path, weights: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.night_daemon", str(data), str(weights)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
                "OPENBLAS_NUM_THREADS": "1",
            },
            text=True,
        )

    def until(self, fits: Callable[[Line], bool]) -> Line:
        """Read on until a line fits."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{") and fits(told := json.loads(line)):  # the others are its log
                found: Line = told
                return found
        assert self._process.stderr is not None
        raise AssertionError(f"it ended: {self._process.stderr.read()[-2000:]}")

    def rest(self) -> list[Line]:
        """Read to the end."""
        out, errors = self._process.communicate(timeout=600)
        assert self._process.returncode == 0, errors[-2000:]
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        self._process.kill()
        self._process.communicate()


async def generations(data: Path, weights: Path) -> list[str]:
    """Check that what serves is whole; return the generations."""
    async with await Store.open(data) as store:
        known = await store.checkpoints.all()
    assert verified(known)
    active = next(each for each in known if each.active)
    path = weights if active.file is None else data / "checkpoints" / active.file
    assert active.hash.startswith(load(path).fingerprint)
    return [each.id for each in known]
