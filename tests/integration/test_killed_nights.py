"""kill -9 in the middle of a night: what serves stays whole, and the night goes on."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path

import psutil
import pytest

from support.living import Living, generations
from support.night_daemon import write_tiny

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("mlx") is None and importlib.util.find_spec("jax") is None,
        reason="needs MLX or JAX to train with",
    ),
]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    write_tiny(path)
    return path


def is_alive(pid: int) -> bool:
    """Tell whether a process still runs; one that nobody has asked about is none."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


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
    assert not is_alive(worker)
    last = living.rest()[-1]
    assert last["night"] == "1 done, 1 skipped"
    assert last["active"] == "checkpoint:2"
    assert len(await generations(data, weights)) == 2
