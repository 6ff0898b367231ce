"""Following a job where there is no stream, and leaving one that goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.progress import finish
from selfd_daemon.paths import DataFolder
from support.command import SELFD, Command
from support.daemon import running_daemon

FILES = 9000  # so many that a command may start and stop before all are read
JOB = {"id": "job:1", "state": "RUNNING", "progress": 0.5, "message": "half", "error": None}


class _Api(BaseHTTPRequestHandler):
    """Answers requests with one state of a job after the other, and opens no WebSocket."""

    states: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.dumps({"data": {"job": self.states.pop(0)}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Api)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def client(api: HTTPServer, tmp_path: Path) -> Client:
    return Client(DataFolder(tmp_path), f"http://127.0.0.1:{api.server_port}", "token")


def test_without_a_stream_the_job_is_asked_for_again_and_again(
    api: HTTPServer, tmp_path: Path
) -> None:
    _Api.states = [JOB, {**JOB, "state": "SUCCEEDED"}]
    assert finish(client(api, tmp_path), JOB, title="reading")["state"] == "SUCCEEDED"
    assert _Api.states == []


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ({"state": "FAILED", "error": "the disk is full"}, "the disk is full"),
        ({"state": "CANCELLED"}, "reading: job:1 was cancelled"),
    ],
)
def test_a_job_that_ends_badly_is_an_error(
    api: HTTPServer, tmp_path: Path, last: dict[str, str], said: str
) -> None:
    _Api.states = [{**JOB, **last}]
    with pytest.raises(CommandError, match=said):
        finish(client(api, tmp_path), JOB, title="reading")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Give a folder that takes a while to read."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number}.md").write_text(f"words number {number}")
    return folder


def wait_for_documents(command: Command) -> None:
    """Wait until a few files are read."""
    command.ok("events", "--after", "0", "--kind", "document.ingested", "--count", "5")


def test_reading_goes_on_after_the_daemon_was_killed(tmp_path: Path, shelf: Path) -> None:
    folder = tmp_path / "data"
    command = Command(folder)
    with running_daemon(folder) as daemon:
        command.ok("ingest", shelf, "--no-wait")
        wait_for_documents(command)
        daemon.process.kill()
        daemon.process.wait()
    with running_daemon(folder):
        done = command.ok("jobs", "watch", "job:1", "--json").json
        assert done["state"] == "SUCCEEDED"
        assert done["metrics"]["unchanged"] >= 1
        assert done["metrics"]["added"] + done["metrics"]["unchanged"] == FILES
        assert (
            f"{FILES - 1}.md:1" in command.ok("recall", f"number {FILES - 1}", "--first", "5").out
        )


def test_ctrl_c_leaves_the_job_running_and_says_how_to_stop_it(tmp_path: Path, shelf: Path) -> None:
    folder = tmp_path / "data"
    with running_daemon(folder):
        command = Command(folder)
        reading = subprocess.Popen(
            [SELFD, "ingest", shelf],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "SELFD_DATA_DIR": str(folder)},
            # Whoever runs tests in the background has them ignore Ctrl-C; the command must not.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        wait_for_documents(command)
        reading.send_signal(signal.SIGINT)
        out, err = reading.communicate(timeout=60)
        assert (reading.returncode, out) == (130, b"")
        assert err == b"job:1 goes on: selfd jobs cancel job:1 stops it\n"
        assert "cancelled" in command.ok("jobs", "cancel", "job:1").out
