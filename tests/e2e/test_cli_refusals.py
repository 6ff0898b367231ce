"""What a command says when it cannot do what it was asked: one line, the next step, the status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Command, Done
from support.daemon import running_daemon


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("cli") / "data"
    with running_daemon(folder):
        yield Command(folder)


def refused(done: Done) -> str:
    """Insist on one line on stderr and nothing else; return the line."""
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1), done
    assert done.err.startswith("selfd: ")
    return done.err.removeprefix("selfd: ").rstrip("\n")


def test_a_daemon_that_was_killed_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running_daemon(folder) as daemon:
        daemon.process.kill()
        daemon.process.wait()
        assert (folder / "daemon.json").exists()
        assert "start it with selfd up" in refused(Command(folder)("status"))
        assert "start it with selfd up" in refused(Command(folder)("down"))


def test_ten_megabytes_are_refused_with_the_limit(selfd: Command) -> None:
    said = refused(selfd("remember", "-", input="a letter about taxes. " * 455_000))
    assert "the limit is 8,388,608: send less at once" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["remember", ""], "the text is empty"),
        (["ask", " "], "question is empty"),
        (["forget", "memory:99"], "no memory with id 'memory:99'"),
        (["forget", "nonsense"], "no memory with id 'nonsense'"),
        (["jobs", "watch", "job:99"], "no job with id 'job:99'"),
        (["jobs", "cancel", "job:99"], "no job with id 'job:99'"),
        (["conversations", "conversation:99"], "no conversation with id 'conversation:99'"),
        (["ask", "x", "--in", "conversation:99"], "no conversation with id 'conversation:99'"),
        (["ask", "x", "--mind", "mind:none"], "mind:none"),
        (["ingest", "/no/such/folder"], "cannot read '/no/such/folder': no such file or folder"),
        (["feeds", "add", "nonsense"], "'nonsense' is not a web address"),
        (["feeds", "add", "http://127.0.0.1:9/feed"], "127.0.0.1"),
        (["feeds", "remove", "feed:99"], "no feed 'feed:99': selfd feeds list shows them"),
        (["feeds", "import", "/no/such.opml"], "cannot read '/no/such.opml': no such file"),
        (["feeds", "export", "/no/such/folder/x.opml"], "cannot write '/no/such/folder/x.opml'"),
        (["backup", "/no/such/folder/x.db"], "there is no folder '/no/such/folder'"),
    ],
)
def test_what_the_daemon_refuses_is_said_in_one_line(
    selfd: Command, arguments: list[str], said: str
) -> None:
    assert said in refused(selfd(*arguments))


def test_text_that_is_not_utf8_is_refused_with_the_place(selfd: Command) -> None:
    said = refused(selfd("remember", "-", input=b"caf\xe9"))
    assert said == "stdin is not UTF-8 (at byte 3): convert it with iconv"


def test_a_text_of_50_megabytes_is_refused(selfd: Command) -> None:
    said = refused(selfd("remember", "-", input=b"word " * 10_000_000))
    assert "the limit is 8,388,608" in said
    assert selfd.ok("status").status == 0


def test_a_foreign_token_is_refused_with_the_likely_cause(selfd: Command, tmp_path: Path) -> None:
    for name in ("daemon.json", "token"):
        (tmp_path / name).write_bytes((selfd.folder / name).read_bytes())
    (tmp_path / "token").write_text("x" * 43)
    (tmp_path / "token").chmod(0o600)
    said = refused(Command(tmp_path)("status"))
    assert said.endswith("is --data-dir the folder it serves?")


def test_a_file_that_is_no_text_is_refused_with_the_reason(selfd: Command, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    assert refused(selfd("ingest", tmp_path / "photo.png")).endswith("binary (image/png)")


def test_stopping_works_once(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running_daemon(folder) as daemon:
        assert Command(folder).ok("down").out == "selfd stopped\n"
        assert daemon.process.wait(20) == 0
        assert not (folder / "daemon.json").exists()
    assert "no daemon is running" in refused(Command(folder)("down"))
