"""Backup and restore as they are typed: out of a running daemon and into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.command import Command
from support.daemon import running_daemon

WORDS = "correct horse battery staple"


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """Give the command, with a daemon of its own."""
    folder = tmp_path_factory.mktemp("backups") / "data"
    with running_daemon(folder):
        yield Command(folder)


def test_what_was_remembered_is_restored_without_a_daemon(selfd: Command, tmp_path: Path) -> None:
    selfd.ok("remember", "the spare key is under the pot")
    written = selfd.ok("backup", str(tmp_path), "--json").json
    assert written["verified"] is True
    assert Path(written["path"]).parent == tmp_path
    restored = selfd.ok("restore", written["path"], "--into", "new", "--json", cwd=tmp_path).json
    assert restored["rows"]["memories"] == 1
    assert restored["folder"] == str(tmp_path / "new")
    again = selfd("restore", written["path"], "--into", "new", cwd=tmp_path)
    assert again.status == 1
    assert "is there already and not empty: choose a new folder" in again.err


def test_a_passphrase_from_a_file_encrypts_and_a_wrong_one_is_told(
    selfd: Command, tmp_path: Path
) -> None:
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    for file, words in ((right, WORDS), (wrong, "incorrect")):
        file.write_text(words)
        file.chmod(0o600)
    shown = selfd.ok("backup", "a.selfd", "--passphrase-file", str(right), cwd=tmp_path).out
    assert "encrypted, opened and checked" in shown
    for option, said in (
        ([], "cannot be asked for here: use --passphrase-file"),
        (["--passphrase-file", str(wrong)], "is not the passphrase this backup was written with"),
    ):
        refused = selfd("restore", "a.selfd", "--into", "new", *option, cwd=tmp_path)
        assert refused.status == 1
        assert said in refused.err
        assert refused.err.count("\n") == 1
    selfd.ok("restore", "a.selfd", "--into", "new", "--passphrase-file", str(right), cwd=tmp_path)
    assert (tmp_path / "new" / "selfd.db").exists()
    kept = b"".join(path.read_bytes() for path in selfd.folder.rglob("*") if path.is_file())
    assert WORDS.encode() not in kept, "the passphrase is kept nowhere"


def test_an_export_comes_in_again_and_nothing_twice(selfd: Command, tmp_path: Path) -> None:
    selfd.ok("remember", "tea takes three minutes", "--tag", "tea")
    shown = selfd.ok("export", "out", cwd=tmp_path).out
    assert shown.startswith("out  ")
    assert "tea takes three minutes" in (tmp_path / "out" / "memories.md").read_text()
    (tmp_path / "more.jsonl").write_text('{"text": "coffee takes five"}\n')
    planned = selfd.ok("import", "more.jsonl", "--dry-run", cwd=tmp_path)
    assert planned.out == "  memories: 1 new\n"
    assert "nothing was changed" in planned.err
    assert selfd.ok("import", "more.jsonl", cwd=tmp_path).out == "  memories: 1 new\n"
    assert selfd.ok("import", "more.jsonl", cwd=tmp_path).out == "  memories: 1 here already\n"
    again = selfd.ok("import", "out", "--json", cwd=tmp_path).json
    assert again["metrics"]["memories"]["new"] == 0
    refused = selfd("import", "nowhere", cwd=tmp_path)
    assert refused.status == 1
    assert "no such file or folder" in refused.err
