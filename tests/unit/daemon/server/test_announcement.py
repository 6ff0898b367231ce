"""daemon.json: there while the daemon listens, gone afterwards."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.server.announcement import Announcement, announced, read_announcement

SAID = Announcement(
    pid=42,
    url="http://127.0.0.1:7353",
    graphql="http://127.0.0.1:7353/graphql",
    version="0.1.0",
    started_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
)


def test_it_is_there_for_the_time_of_the_block(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    with announced(path, SAID):
        assert read_announcement(path) == SAID
        assert set(json.loads(path.read_text())) == {
            "pid", "url", "graphql", "version", "startedAt",
        }  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_it_replaces_what_a_killed_daemon_left(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    path.write_text('{"pid": 1}')
    with announced(path, SAID):
        assert read_announcement(path) == SAID


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1, "url": "u"}'])
def test_what_makes_no_sense_is_no_announcement(tmp_path: Path, content: str) -> None:
    path = tmp_path / "daemon.json"
    path.write_text(content)
    assert read_announcement(path) is None


def test_a_file_that_is_not_there_is_no_announcement(tmp_path: Path) -> None:
    assert read_announcement(tmp_path / "daemon.json") is None
