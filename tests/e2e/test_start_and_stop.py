"""A daemon's life as the shell sees it: start, what it leaves on disk, refusals, stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from support.command import SELFD
from support.daemon import DidNotStartError, running_daemon, start_daemon


def test_it_says_where_it_listens_and_what_it_is(folder: Path) -> None:
    with running_daemon(folder) as daemon:
        assert daemon.banner.startswith("selfd ")
        assert f"url      http://127.0.0.1:{daemon.port}\n" in daemon.banner
        assert "backend  numpy\n" in daemon.banner
        assert "mind     builtin (extractive)\n" in daemon.banner
        assert f"data     {folder}\n" in daemon.banner
        said = json.loads((folder / "daemon.json").read_text())
        assert said["pid"] == daemon.process.pid
        assert said["url"] == daemon.url
        assert said["graphql"] == f"{daemon.url}/graphql"
        assert said["version"] in daemon.banner
        assert datetime.fromisoformat(said["startedAt"]).tzinfo is not None
        health = daemon.ask("GET", "/health", token=False)
        assert (health.status, json.loads(health.body)) == (200, {"ready": True})


def test_the_first_start_greets_without_a_problem_and_the_second_only_starts(folder: Path) -> None:
    with running_daemon(folder) as daemon:
        assert "Welcome. Nothing leaves this machine" in daemon.banner
        assert "of memory; models run on" in daemon.banner
        assert "selfd ingest FOLDER" in daemon.banner
        assert "problem" not in daemon.banner
    with running_daemon(folder) as daemon:
        assert "Welcome" not in daemon.banner


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_it_cleanly(folder: Path, number: signal.Signals) -> None:
    with running_daemon(folder) as daemon:
        daemon.remember("the spare key is under the pot")
        assert daemon.stop(number) == 0
        left = {path.name for path in folder.iterdir()}
        assert "daemon.json" not in left
        assert not {name for name in left if name.endswith("-wal")}


def test_only_its_owner_can_look_into_the_data_folder(folder: Path) -> None:
    with running_daemon(folder) as daemon:
        daemon.remember("a secret")
        found = [folder, *folder.rglob("*")]
        assert len(found) > 5
        open_to_others = [path for path in found if stat.S_IMODE(path.stat().st_mode) & 0o077]
        assert open_to_others == []


def test_the_token_never_reaches_a_log(folder: Path) -> None:
    with running_daemon(folder, SELFD_LOGS_LEVEL="debug") as daemon:
        daemon.ask("GET", f"/nothing?token={daemon.token}")
        daemon.query("{ status { version } }")
        daemon.stop()
        written = (folder / "logs" / "selfd.jsonl").read_text()
        written += daemon.complaints()
        assert "ready" in written
        assert daemon.token not in written


def test_a_second_daemon_on_the_same_folder_is_refused_and_named_the_first(folder: Path) -> None:
    with running_daemon(folder) as daemon:
        with pytest.raises(DidNotStartError) as caught:
            start_daemon(folder)
        assert caught.value.status == 1
        assert f"process {daemon.process.pid} already serves" in caught.value.message
        assert "Traceback" not in caught.value.message
        assert daemon.query("{ status { ready } }") == {"status": {"ready": True}}


def test_a_port_in_use_is_refused_with_its_number_and_the_next_step(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(DidNotStartError) as caught:
            start_daemon(folder, "--port", str(port))
    assert caught.value.status == 1
    assert f"127.0.0.1:{port}: another program uses that port" in caught.value.message
    assert "--port" in caught.value.message


def test_a_token_that_others_can_read_is_refused_with_the_command_that_helps(
    folder: Path,
) -> None:
    with running_daemon(folder) as daemon:
        daemon.stop()
    (folder / "token").chmod(0o644)
    with pytest.raises(DidNotStartError, match=r"mode 0644\): run chmod 600"):
        start_daemon(folder)
    (folder / "token").chmod(0o600)
    with running_daemon(folder) as daemon:
        assert daemon.query("{ status { ready } }") == {"status": {"ready": True}}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"this is no database\n" * 1000, "is no SQLite database"),
        (b"SQLite format 3\0" + b"\xff" * 8000, "selfd.db"),
    ],
)
def test_a_database_of_garbage_is_refused_and_left_alone(
    folder: Path, content: bytes, words: str
) -> None:
    folder.mkdir()
    (folder / "selfd.db").write_bytes(content)
    with pytest.raises(DidNotStartError) as caught:
        start_daemon(folder)
    assert caught.value.status == 1
    assert words in caught.value.message
    assert "Traceback" not in caught.value.message
    assert (folder / "selfd.db").read_bytes() == content


def test_an_index_of_garbage_is_built_anew(folder: Path) -> None:
    with running_daemon(folder) as daemon:
        id = daemon.remember("the spare key is under the pot")
        daemon.stop()
    (folder / "index.db").write_bytes(b"garbage" * 1000)
    with running_daemon(folder) as daemon:
        found = daemon.query('{ search(query: "spare key") { item { ... on Memory { id } } } }')
        assert found["search"] == [{"item": {"id": id}}]


def test_a_wrong_setting_is_refused_in_one_line(folder: Path) -> None:
    folder.mkdir()
    (folder / "settings.toml").write_text("[feeds]\nconcurrency = 0\n")
    with pytest.raises(DidNotStartError) as caught:
        start_daemon(folder)
    assert caught.value.message == (
        "selfd: feeds.concurrency must be a whole number, at least 1, at most 64; "
        "got 0 from the file\n"
    )


def test_a_read_only_data_folder_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with _read_only(tmp_path / "data") as folder:
        with pytest.raises(DidNotStartError) as caught:
            start_daemon(folder)
        assert caught.value.status == 1
        assert f"cannot use the data folder {str(folder)!r}" in caught.value.message
        assert "--data-dir" in caught.value.message


def test_open_streams_are_completed_and_do_not_delay_the_stop(folder: Path) -> None:
    """A reader of server-sent events is told that it is over, not just cut off."""
    with running_daemon(folder) as daemon:
        request = json.dumps({"query": "subscription { events { sequence } }"}).encode()
        with socket.create_connection(("127.0.0.1", daemon.port), timeout=20) as client:
            lines = [
                "POST /graphql HTTP/1.1",
                f"Host: 127.0.0.1:{daemon.port}",
                f"Authorization: Bearer {daemon.token}",
                "Accept: text/event-stream",
                "Content-Type: application/json",
                f"Content-Length: {len(request)}",
            ]
            client.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + request)
            received = client.recv(4096)
            assert received.startswith(b"HTTP/1.1 200")
            daemon.process.send_signal(signal.SIGTERM)
            while piece := client.recv(4096):
                received += piece
        assert b"event: complete" in received
        assert daemon.process.wait(20) == 0


@contextmanager
def _read_only(folder: Path) -> Iterator[Path]:
    """Make a folder that nobody can write to; for root that takes a read-only file system."""
    folder.mkdir()
    if os.geteuid() != 0:
        folder.chmod(0o500)
        try:
            yield folder
        finally:
            folder.chmod(0o700)
        return
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "ro,size=1m", "none", str(folder)]
    if mount is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("root writes everywhere, and no read-only file system can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_start_that_cannot_succeed_is_no_crash_to_a_service_manager(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "token").write_text("x" * 43)
    (folder / "token").chmod(0o644)
    for flags, status in (((), 1), (("--service",), 0)):
        done = subprocess.run(
            [SELFD, "up", "--port", "0", "--data-dir", str(folder), *flags],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, "chmod" in done.stderr) == (status, True)
