"""Which files a folder offers: real folders, links and loops."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from selfd_daemon.documents.walk import Walk


def plant(root: Path, *names: str, text: str = "words\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def offered(root: Path, **options: list[Path]) -> list[str]:
    return [
        os.path.relpath(entry.path, root) for entry in Walk(root, **options) if entry.reason is None
    ]


def test_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    plant(tmp_path, "b/2.md", "b/1.md", "a.md", "c/d/e.md")
    assert offered(tmp_path) == ["a.md", "b/1.md", "b/2.md", "c/d/e.md"]


def test_a_single_file_is_offered_whatever_its_name(tmp_path: Path) -> None:
    plant(tmp_path, ".hidden")
    assert [entry.path for entry in Walk(tmp_path / ".hidden")] == [str(tmp_path / ".hidden")]


def test_hidden_files_and_junk_are_passed_over_and_counted(tmp_path: Path) -> None:
    plant(tmp_path, ".git/config", ".env", "node_modules/x.js", "__pycache__/y.pyc", "kept.py")
    walk = Walk(tmp_path)
    assert [entry.path for entry in walk] == [str(tmp_path / "kept.py")]
    assert walk.ignored == 4


def test_gitignore_is_respected_with_negation_folders_and_nesting(tmp_path: Path) -> None:
    plant(tmp_path, "a.log", "keep.log", "build/x.md", "src/build.md", "src/b.log", "src/out/y.md")
    (tmp_path / ".gitignore").write_text("*.log\n!keep.log\nbuild/\n")
    (tmp_path / "src" / ".gitignore").write_text("!b.log\n/out\n")
    assert offered(tmp_path) == ["keep.log", "src/b.log", "src/build.md"]


def test_the_repository_around_a_folder_has_its_say(tmp_path: Path) -> None:
    plant(tmp_path, "docs/a.md", "docs/draft.md", ".git/HEAD")
    (tmp_path / ".gitignore").write_text("docs/draft.md\n")
    assert offered(tmp_path / "docs") == ["a.md"]


def test_a_folder_that_is_ignored_but_asked_for_is_read(tmp_path: Path) -> None:
    plant(tmp_path, "build/a.md", ".git/HEAD")
    (tmp_path / ".gitignore").write_text("build/\n")
    assert offered(tmp_path / "build") == ["a.md"]


def test_a_loop_of_links_ends_and_links_are_listed(tmp_path: Path) -> None:
    plant(tmp_path, "a/file.md")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "a" / "link.md").symlink_to("file.md")
    found = {Path(entry.path).name: entry.reason for entry in Walk(tmp_path)}
    assert found.pop("file.md") is None
    assert found.keys() == {"loop", "self", "link.md"}
    assert all("symbolic link" in str(reason) for reason in found.values())


def test_pipes_are_listed_and_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [entry.reason for entry in Walk(tmp_path)] == ["not a regular file"]


def test_an_excluded_folder_is_passed_over_wherever_it_lies(tmp_path: Path) -> None:
    plant(tmp_path, "data/token", "notes.md")
    assert offered(tmp_path, excluded=[tmp_path / "data"]) == ["notes.md"]


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system refuses such names")
def test_a_name_that_is_not_utf8_is_listed_readably(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))).write_text("x")
    [entry] = Walk(tmp_path)
    assert entry.path.endswith("caf\\xe9.txt")
    assert entry.reason == "its name is not UTF-8; rename it"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_cannot_be_listed_is_reported(tmp_path: Path) -> None:
    plant(tmp_path, "closed/a.md", "open.md")
    (tmp_path / "closed").chmod(0)
    walk = Walk(tmp_path)
    reasons = {Path(entry.path).name: entry.reason for entry in walk}
    (tmp_path / "closed").chmod(0o700)
    assert reasons == {"open.md": None, "closed": "folder not readable: permission denied"}
    assert walk.unlisted == [str(tmp_path / "closed")]
