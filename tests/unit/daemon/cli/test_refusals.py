"""What a command says without a daemon, or when it is used wrongly: one line, the right status."""

from __future__ import annotations

import io
import shlex
import sys
from pathlib import Path

import pytest
import typer

from selfd_daemon.cli import app, main
from selfd_daemon.cli.reference import commands

# Each command with the least that it asks for, but for those that need no daemon.
CALLS = {
    "ask": ["words"],
    "backup": ["copy.db"],
    "conversations": [],
    "entity": ["Maya"],
    "feedback": ["answer:1", "good"],
    "export": ["folder"],
    "import": ["folder"],
    "chat": [],
    "remember": ["words"],
    "recall": ["words"],
    "forget": ["memory:1"],
    "ingest": ["."],
    "articles": [],
    "articles read": ["article:1"],
    "articles mark": ["article:1"],
    "events": [],
    "jobs start": ["consolidate"],
    "storage": [],
    "storage compress": [],
    "storage verify": [],
    "stories": [],
    "trends": [],
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
    "self": [],
    "journal": [],
    "assess": [],
    "goals": [],
    "goals add": ["words"],
    "goals remove": ["goal:1"],
    "goals tell": ["goal:1", "0.5"],
    "train": ["--tonight"],
    "checkpoints": [],
    "rollback": [],
    "nights": [],
    "models": [],
    "models list": [],
    "models add": ["http", "http://127.0.0.1:8080"],
    "models remove": ["mind:1"],
    "models use": ["mind:1"],
    "models load": ["mind:1"],
    "models unload": ["mind:1"],
    "models bench": ["mind:1"],
    "models recommend": [],
}
WITHOUT_DAEMON = {
    "up",
    "doctor",
    "engram",
    "restore",
    "settings",
    "service",
    "menubar",
    "models pull",
}


class Shell:
    """Runs `selfd` in this process, on a data folder without a daemon."""

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._patch = patch

    def refused(self, *arguments: str | Path, status: int = 1) -> str:
        """Insist on one line on stderr and nothing else; return the line."""
        self._patch.setattr(sys, "argv", ["selfd", *map(str, arguments)])
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self._capsys.readouterr()
        assert (ended.value.code, out, err.count("\n")) == (status, "", 1), err
        assert err.startswith("selfd: ")
        return err.removeprefix("selfd: ").rstrip("\n")


@pytest.fixture
def selfd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    monkeypatch.setenv("SELFD_DATA_DIR", str(tmp_path))
    return Shell(capsys, monkeypatch)


def test_every_command_is_called_here_or_needs_no_daemon() -> None:
    tree = commands(typer.main.get_command(app), "selfd")
    names = {name.removeprefix("selfd ") for name, _ in tree}
    without = {
        name for name in names if name.split()[0] in WITHOUT_DAEMON or name in WITHOUT_DAEMON
    }
    assert names - without == set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_without_a_daemon_each_names_the_command_that_starts_it(call: str, selfd: Shell) -> None:
    said = selfd.refused(*call.split(), *CALLS[call])
    assert said == "no daemon is running: start it with selfd up"


def test_the_folder_is_named_when_it_is_not_the_usual_one(selfd: Shell, tmp_path: Path) -> None:
    elsewhere = tmp_path / "some where"
    said = selfd.refused("status", "--data-dir", elsewhere)
    option = f"--data-dir {shlex.quote(str(elsewhere))}"
    assert said == f"no daemon is running: start it with selfd up {option}"


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
    arguments: list[str], said: str, selfd: Shell
) -> None:
    assert said in selfd.refused(*arguments, status=2)


@pytest.mark.parametrize("command", ["up", "settings", "doctor"])
def test_a_broken_setting_is_one_line(command: str, selfd: Shell, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("port = 'many'\n")
    assert selfd.refused(command).startswith("port must be a whole number")
