"""`selfd service logs` shows what the system kept, and where selfd's own log lies."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from support.command import Command


@pytest.mark.skipif(sys.platform != "linux", reason="macOS keeps it elsewhere")
def test_logs_names_the_command_and_our_own_log(folder: Path) -> None:
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "selfd.jsonl").write_text("{}\n")
    done = Command(folder)("service", "logs")
    assert "journalctl --user --unit selfd.service" in done.err
    if shutil.which("journalctl") is None:
        assert (done.status, done.out) == (1, "")
        assert "there is no 'journalctl' on this system" in done.err
    else:
        assert "selfd.jsonl" in done.err
