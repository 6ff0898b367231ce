"""The connection where there is no daemon: it says so, and tries again at its own pace."""

from __future__ import annotations

from pathlib import Path
from queue import Queue
from random import Random

import pytest

from selfd_daemon.clients.menubar.connection import LONGEST_PAUSE, Connection, pause
from selfd_daemon.clients.menubar.requests import remember
from selfd_daemon.clients.menubar.updates import Away, Refused, Update
from selfd_daemon.paths import DataFolder

SECONDS = 20.0  # a shared machine may be slow; no test measures this


def test_pauses_grow_to_their_limit_and_differ() -> None:
    rng = Random(1)
    pauses = [pause(attempt, rng) for attempt in range(12)]
    assert pauses[0] < 0.25
    assert max(pauses) <= LONGEST_PAUSE
    assert min(pauses[6:]) >= LONGEST_PAUSE / 2
    assert len(set(pauses)) == len(pauses)


@pytest.mark.parametrize(
    ("files", "reason", "next_step"),
    [
        ([], "the daemon is not running", "start it with selfd up --data-dir X"),
        (["daemon.json"], "the daemon made no menubar.token", "stop it with selfd down, then run"),
        (["daemon.json", "menubar.token"], "the token file", "run chmod 600"),
    ],
)
def test_why_there_is_no_connection_and_what_to_do(
    tmp_path: Path, files: list[str], reason: str, next_step: str
) -> None:
    said = (
        '{"pid": 1, "url": "http://127.0.0.1:9", "graphql": "http://127.0.0.1:9/graphql", '
        '"version": "0", "startedAt": "2026-01-31T12:00:00+00:00"}'
    )
    for name in files:
        (tmp_path / name).write_text(said)
        (tmp_path / name).chmod(0o644)
    heard: Queue[Update] = Queue()
    connection = Connection(DataFolder(tmp_path), heard.put, start="selfd up --data-dir X")
    connection.open()
    try:
        away = heard.get(timeout=SECONDS)
    finally:
        connection.close()
    assert isinstance(away, Away)
    assert away.reason.startswith(reason)
    assert away.next_step.startswith(next_step)


def test_what_is_sent_without_a_daemon_is_refused_at_once(tmp_path: Path) -> None:
    heard: Queue[Update] = Queue()
    connection = Connection(DataFolder(tmp_path), heard.put)
    id = connection.send(remember("tea"))
    assert heard.get_nowait() == Refused(id, "the daemon is not running")
    connection.cancel(id)
