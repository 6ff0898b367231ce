"""What a command says when it cannot do what it was asked: one line, the next step, the status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from selfd_daemon.cli import app
from selfd_daemon.cli.reference import commands
from support.command import Command, Done
from support.daemon import running_daemon

# Each command with the least that it asks for, but for those that need no daemon.
CALLS = {
    "ask": ["words"],
    "backup": ["copy.db"],
    "conversations": [],
    "chat": [],
    "remember": ["words"],
    "recall": ["words"],
    "forget": ["memory:1"],
    "ingest": ["."],
    "articles": [],
    "events": [],
    "storage": [],
    "status": [],
    "down": [],
    "open": ["--print"],
    "feeds": [],
    "feeds add": ["https://example.org"],
    "feeds list": [],
    "feeds remove": ["feed:1"],
    "feeds poll": [],
    "feeds import": ["-"],
    "feeds export": [],
    "jobs": [],
    "jobs cancel": ["job:1"],
    "jobs watch": ["job:1"],
    "models": [],
    "models list": [],
}
WITHOUT_DAEMON = {"up", "doctor", "settings", "service"}


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("cli") / "data"
    with running_daemon(folder):
        yield Command(folder)


def refused(done: Done, status: int = 1) -> str:
    """Insist on one line on stderr and nothing else; return the line."""
    assert (done.status, done.out, done.err.count("\n")) == (status, "", 1), done
    assert done.err.startswith("selfd: ")
    return done.err.removeprefix("selfd: ").rstrip("\n")


def test_every_command_is_called_here_or_needs_no_daemon() -> None:
    tree = commands(typer.main.get_command(app), "selfd")
    names = {name.removeprefix("selfd ") for name, _ in tree}
    without = {name for name in names if name.split()[0] in WITHOUT_DAEMON}
    assert names - without == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_without_a_daemon_each_names_the_command_that_starts_it(call: str, tmp_path: Path) -> None:
    nobody = Command(tmp_path / "none")
    said = refused(nobody(*call.split(), *CALLS[call], "--data-dir", tmp_path / "none"))
    assert said == "no daemon is running: start it with selfd up"


def test_the_folder_is_named_when_it_is_not_the_usual_one(tmp_path: Path) -> None:
    elsewhere = tmp_path / "some where"
    said = refused(Command(tmp_path / "usual")("status", "--data-dir", elsewhere))
    assert said == f"no daemon is running: start it with selfd up --data-dir '{elsewhere}'"


def test_a_daemon_that_was_killed_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with running_daemon(folder) as daemon:
        daemon.process.kill()
        daemon.process.wait()
        assert (folder / "daemon.json").exists()
        assert "start it with selfd up" in refused(Command(folder)("status"))
        assert "start it with selfd up" in refused(Command(folder)("down"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "no such command 'frobnicate' (see selfd --help)"),
        (["stat"], "no such command 'stat': did you mean 'status'? (see selfd --help)"),
        (["ask", "--frob"], "no such option: --frob (see selfd ask --help)"),
        (["ingest"], "missing argument 'PATH' (see selfd ingest --help)"),
        (["recall", "x", "--first", "0"], "see selfd recall --help"),
        (["recall", "x", "--tag", "t"], "--kind and --tag list memories"),
        (["articles", "--since", "soon"], "'soon' is no time: write 2026-11-01"),
        (["remember", "x", "--kind", "secret"], "'secret' is not one of"),
    ],
)
def test_wrong_usage_is_status_2_and_says_where_to_look(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    assert said in refused(Command(tmp_path)(*arguments), status=2)


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
    assert "larger than" in said
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


def test_a_broken_setting_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = 'many'\n")
    for command in ("up", "settings", "doctor"):
        said = refused(Command(tmp_path)(command))
        assert said.startswith("port must be a whole number")
