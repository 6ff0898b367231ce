"""`selfd engram` on files alone: what it prints, and what it says when it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.cli import main


class Shell:
    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._patch = patch

    def __call__(self, *arguments: str | Path) -> tuple[int, str, str]:
        self._patch.setattr(sys, "argv", ["selfd", "engram", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    def json(self, *arguments: str | Path) -> Any:
        status, out, err = self(*arguments, "--json")
        assert (status, err) == (0, "")
        return json.loads(out)


@pytest.fixture
def engram(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Shell:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes" / "tea").mkdir(parents=True)
    (tmp_path / "notes" / "tea" / "green.md").write_text("Steep it for three minutes.\n")
    (tmp_path / "notes" / "keys.md").write_text("The spare key is under the pot.\n")
    return Shell(capsys, monkeypatch)


def test_a_folder_goes_in_is_found_and_comes_back(engram: Shell, tmp_path: Path) -> None:
    built = engram.json("build", "notes")
    assert (built["name"], built["files"], built["path"]) == ("notes", 2, "notes.engram")
    assert engram.json("info", "notes.engram") == built
    [found] = engram.json("search", "notes.engram", "spare", "key")
    assert (found["path"], found["line"]) == ("keys.md", 1)
    status, out, _ = engram("search", "notes.engram", "spare key")
    assert status == 0
    assert out.startswith("keys.md:1  ")
    assert engram.json("extract", "notes.engram", "*.md", "--into", "out")["files"] == 2
    assert (tmp_path / "out" / "tea" / "green.md").read_text() == "Steep it for three minutes.\n"


def test_one_file_is_replaced_and_removed(engram: Shell, tmp_path: Path) -> None:
    engram.json("build", "notes", "n.engram", "--name", "mine")
    (tmp_path / "new.md").write_text("The key hangs behind the door.\n")
    assert engram.json("update", "n.engram", "keys.md", "new.md")["name"] == "mine"
    assert "door" in engram.json("search", "n.engram", "key")[0]["text"]
    assert engram.json("update", "n.engram", "keys.md", "--remove")["files"] == 1
    assert engram.json("search", "n.engram", "key") == []


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["build", "nowhere"], 1, "is no folder"),
        (["build", "notes", "notes/keys.md"], 1, "is there already"),
        (["build", "notes", "no/such/n.engram"], 1, "no such file"),
        (["info", "nowhere.engram"], 1, "cannot open 'nowhere.engram': no such file"),
        (["info", "notes/keys.md"], 1, "no engram"),
        (["update", "nowhere.engram", "a"], 2, "give the new content as SOURCE, or --remove"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    engram: Shell, arguments: list[str], status: int, words: str
) -> None:
    found, out, err = engram(*arguments)
    assert (found, out) == (status, "")
    assert words in err
    assert err.count("\n") == 1


def test_damaged_files_are_named_and_the_rest_comes_back(engram: Shell, tmp_path: Path) -> None:
    content = b"".join(n.to_bytes(4, "big") for n in range(20_000))
    (tmp_path / "notes" / "big.bin").write_bytes(content)
    engram.json("build", "notes")
    whole = bytearray((tmp_path / "notes.engram").read_bytes())
    whole[len(whole) // 2] ^= 1
    (tmp_path / "notes.engram").write_bytes(whole)
    status, out, err = engram("extract", "notes.engram", "--into", "out")
    assert status == 1
    assert out.startswith("2 files")
    assert "damaged big.bin" in err
    assert "1 file could not be given back" in err
