"""kill -9 in the middle of a night: what serves stays whole, and the night goes on."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.nights.lineage import verified
from selfd_models.checkpoint import load
from selfd_storage import Store
from support.night_daemon import write_tiny

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("mlx") is None and importlib.util.find_spec("jax") is None,
        reason="needs MLX or JAX to train with",
    ),
]

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
        out, errors = self._process.communicate(timeout=120)
        assert self._process.returncode == 0, errors[-2000:]
        return [json.loads(line) for line in out.splitlines() if line.startswith("{")]

    def kill(self) -> None:
        """End it without a chance to say goodbye."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    write_tiny(path)
    return path


async def generations(data: Path, weights: Path) -> list[str]:
    """Check that what serves is whole; return the generations."""
    async with await Store.open(data) as store:
        known = await store.checkpoints.all()
    assert verified(known)
    active = next(each for each in known if each.active)
    path = weights if active.file is None else data / "checkpoints" / active.file
    assert active.hash.startswith(load(path).fingerprint)
    return [each.id for each in known]


async def test_a_killed_worker_is_no_matter_to_the_daemon_and_the_night_goes_on(
    tmp_path: Path, weights: Path
) -> None:
    living = Living(tmp_path / "data", weights)
    worker = living.until(lambda line: "step" in str(line["message"]))["worker"]
    os.kill(worker, signal.SIGKILL)
    after = living.until(lambda line: line["worker"] not in (None, worker))
    assert after["active"] == "checkpoint:1"
    assert after["bits"] > 0.0, "it serves all the while"
    assert living.rest()[-1]["night"] == "1 done, 1 skipped"
    assert len(await generations(tmp_path / "data", weights)) == 2


async def test_a_killed_daemon_leaves_what_serves_whole_and_no_worker_behind(
    tmp_path: Path, weights: Path
) -> None:
    data = tmp_path / "data"
    living = Living(data, weights)
    worker = living.until(lambda line: "step" in str(line["message"]))["worker"]
    os.kill(worker, signal.SIGSTOP)  # as when a question was being answered
    living.kill()
    assert await generations(data, weights) == ["checkpoint:1"]
    living = Living(data, weights)
    living.until(lambda line: line["worker"] not in (None, worker))
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    last = living.rest()[-1]
    assert last["night"] == "1 done, 1 skipped"
    assert last["active"] == "checkpoint:2"
    assert len(await generations(data, weights)) == 2
