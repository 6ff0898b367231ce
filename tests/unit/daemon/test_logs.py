"""Logs: structured, rotating, and without secrets."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import structlog

from selfd_daemon.logs import HIDDEN, Redaction, set_up_logs
from selfd_daemon.paths import DataFolder
from selfd_daemon.settings import LogSettings

TOKEN = "sekrit-token-value-0123456789abcdefghij"


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def folder(tmp_path: Path, terminal: io.StringIO) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path)
    folder.prepare()
    before = logging.getLogger().handlers[:]
    set_up_logs(
        LogSettings(max_bytes=64 * 1024, keep=2), folder, secrets=[TOKEN], terminal=terminal
    )
    yield folder
    for handler in logging.getLogger().handlers[:]:
        handler.close()
    logging.getLogger().handlers[:] = before
    logging.getLogger().setLevel(logging.WARNING)
    structlog.reset_defaults()


def _lines(folder: DataFolder) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in (folder.logs / "selfd.jsonl").read_bytes().splitlines()]


def test_a_line_is_json_in_the_file_and_readable_on_the_terminal(
    folder: DataFolder, terminal: io.StringIO
) -> None:
    structlog.get_logger("selfd_daemon.feeds").warning("feed failed", url="http://x/", status=410)
    (line,) = _lines(folder)
    assert line["event"] == "feed failed"
    assert (line["level"], line["logger"]) == ("warning", "selfd_daemon.feeds")
    assert (line["url"], line["status"]) == ("http://x/", 410)
    assert str(line["timestamp"]).endswith("Z")
    assert "feed failed" in terminal.getvalue()


def test_lines_of_other_libraries_are_json_too(folder: DataFolder) -> None:
    logging.getLogger("uvicorn.error").error("it %s", "broke", extra={"port": 1})
    (line,) = _lines(folder)
    assert (line["event"], line["port"]) == ("it broke", 1)


def test_no_secret_reaches_the_file_or_the_terminal(
    folder: DataFolder, terminal: io.StringIO
) -> None:
    log = structlog.get_logger("t")
    log.error("a", token=TOKEN, headers={"Authorization": f"Bearer {TOKEN}", "host": "h"})
    log.error(f"sent {TOKEN} in words", nested=[{"api_key": "k-123456"}, ("cookie=1", TOKEN)])
    log.error("b", url="https://me:hunter2@example.org/feed", line="bearer abc.def-ghi")
    try:
        raise ValueError(f"bad token {TOKEN}")
    except ValueError:
        log.exception("c")
    logging.getLogger("httpx2").error("request with Authorization: Bearer %s", "zzz-yyy")
    written = (folder.logs / "selfd.jsonl").read_text() + terminal.getvalue()
    for secret in (TOKEN, "k-123456", "hunter2", "abc.def-ghi", "zzz-yyy"):
        assert secret not in written
    assert written.count(HIDDEN) >= 10
    assert "ValueError" in written


def test_ordinary_words_are_left_alone() -> None:
    event = {"event": "the token budget", "tokens": 12, "path": "/a/b", "url": "http://x:80/@me"}
    assert Redaction([])(None, "info", dict(event)) == event


def test_a_full_log_file_is_rotated_and_old_ones_are_dropped(folder: DataFolder) -> None:
    log = structlog.get_logger("t")
    for _ in range(40):
        log.warning("x" * 10_000)
    names = sorted(path.name for path in folder.logs.iterdir())
    assert names == ["selfd.jsonl", "selfd.jsonl.1", "selfd.jsonl.2"]
    assert all(path.stat().st_size <= 64 * 1024 for path in folder.logs.iterdir())


def test_less_severe_lines_are_not_written(folder: DataFolder) -> None:
    structlog.get_logger("t").debug("quiet")
    assert not (folder.logs / "selfd.jsonl").exists()
