"""A model pulled from a hub on loopback by the installed command: stopped, gone on with, added."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from selfd_daemon.minds.mlx.files import find_folder
from support.command import SELFD
from support.hub import MODEL, running_hub

pytest.importorskip("mlx_lm", reason="needs mlx-lm")


def _wait_for_bytes(cache: Path, size: int) -> None:
    """Wait until so many bytes that were sent are on the disk."""
    deadline = time.monotonic() + 60.0
    while all(part.stat().st_size < size for part in cache.rglob("*.part")):
        assert time.monotonic() < deadline, "what was sent never came to the disk"
        time.sleep(0.01)


@pytest.mark.mlx
def test_a_pull_that_is_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    from support.mlx_models import make_model

    environment = os.environ | {"HF_HOME": str(tmp_path / "hf"), "SELFD_DATA_DIR": str(tmp_path)}
    command = [str(SELFD), "models", "pull", MODEL]
    with running_hub(make_model(tmp_path / "tiny")) as hub:
        environment["HF_ENDPOINT"] = hub.url
        hub.stalls = hub_gave = 50_000
        first = subprocess.Popen(
            command,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs tests in the background has them ignore Ctrl-C; the command must not.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        assert hub.stalled.wait(60)
        _wait_for_bytes(tmp_path / "hf", hub_gave)
        first.send_signal(signal.SIGINT)
        _, said = first.communicate(timeout=30)
        assert first.returncode == 130
        assert "what came is kept" in said
        hub.go_on.set()
        again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert again.returncode == 0, again.stderr
        assert "add it with selfd models add mlx owner/tiny" in again.stderr
        assert hub.ranges == [None, "bytes=50000-"]
        assert find_folder(again.stdout.strip()) == Path(again.stdout.strip())
