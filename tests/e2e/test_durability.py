"""What was acknowledged is there afterwards, whatever happened to the process or the disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemon import (
    DidNotStartError,
    GraphQLError,
    RunningDaemon,
    running_daemon,
    start_daemon,
)

PAGE = """
query ($after: String) {
  memories(first: 100, after: $after) {
    edges { node { text } }
    pageInfo { endCursor hasNextPage }
  }
}
"""
FLOOR = 20_000_000


def _texts(daemon: RunningDaemon) -> set[str]:
    found: set[str] = set()
    after = None
    while True:
        page = daemon.query(PAGE, after=after)["memories"]
        found |= {edge["node"]["text"] for edge in page["edges"]}
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("killed_after", [1, 37, 120])
def test_a_kill_in_the_middle_of_writing_loses_no_acknowledged_memory(
    folder: Path, killed_after: int
) -> None:
    """200 writes from four clients; the process is killed while they are under way."""
    acknowledged: list[str] = []
    enough = threading.Event()

    def write(daemon: RunningDaemon, client: int) -> None:
        for number in range(50):
            text = f"client {client} wrote memory {number}"
            try:
                daemon.remember(text)
            except OSError:
                return
            acknowledged.append(text)
            if len(acknowledged) >= killed_after:
                enough.set()

    with running_daemon(folder) as daemon:
        clients = [threading.Thread(target=write, args=(daemon, n)) for n in range(4)]
        for client in clients:
            client.start()
        assert enough.wait(60)
        assert daemon.stop(signal.SIGKILL) == -signal.SIGKILL
        for client in clients:
            client.join()
    with running_daemon(folder) as daemon:
        kept = _texts(daemon)
        assert set(acknowledged) <= kept
        assert len(kept) <= len(acknowledged) + 4  # at most what was on its way
        found = daemon.query(
            "query ($q: String!) { search(query: $q, first: 1) { text } }", q=acknowledged[0]
        )
        assert found["search"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 60 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=60m,mode=0700", "none", str(place)]
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can make a disk small enough to fill")
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_leaves_it_reading_and_room_makes_it_write_again(small_disk: Path) -> None:
    filler = small_disk / "filler"
    with running_daemon(small_disk / "data", SELFD_DISK_FLOOR_BYTES=str(FLOOR)) as daemon:
        kept = daemon.remember("the spare key is under the pot")
        _fill(filler)
        with pytest.raises(GraphQLError, match="free some space") as caught:
            daemon.remember("there is no room for this")
        assert caught.value.codes != [None]
        status = daemon.query("{ status { ready memoryCount problems } }")["status"]
        assert (status["ready"], status["memoryCount"]) == (True, 1)
        assert any("free some space" in problem for problem in status["problems"])
        found = daemon.query('{ search(query: "spare key") { item { ... on Memory { id } } } }')
        assert found["search"] == [{"item": {"id": kept}}]
        filler.unlink()
        daemon.remember("now there is room")
        status = daemon.query("{ status { problems memoryCount } }")["status"]
        assert status["memoryCount"] == 2
        assert not any("free some space" in problem for problem in status["problems"])
        _fill(filler)
        assert daemon.stop() == 0
    filler.unlink()
    with running_daemon(small_disk / "data", SELFD_DISK_FLOOR_BYTES=str(FLOOR)) as daemon:
        assert _texts(daemon) == {"the spare key is under the pot", "now there is room"}


def test_it_starts_on_a_full_disk_and_reads(small_disk: Path) -> None:
    with running_daemon(small_disk / "data", SELFD_DISK_FLOOR_BYTES=str(FLOOR)) as daemon:
        daemon.remember("the spare key is under the pot")
        daemon.stop()
    _fill(small_disk / "filler")
    with running_daemon(small_disk / "data", SELFD_DISK_FLOOR_BYTES=str(FLOOR)) as daemon:
        assert _texts(daemon) == {"the spare key is under the pot"}
        assert daemon.stop() == 0


def _fill(path: Path) -> None:
    """Take every byte that is left."""
    block = bytes(1_000_000)
    with path.open("wb", buffering=0) as file:
        for size in (1_000_000, 4096, 1):
            try:
                while file.write(block[:size]) == size:
                    pass
            except OSError:
                continue


def test_a_first_start_on_a_full_disk_is_refused_in_words(small_disk: Path) -> None:
    _fill(small_disk / "filler")
    with pytest.raises(DidNotStartError, match="no space left on device; free some space"):
        start_daemon(small_disk / "data")
