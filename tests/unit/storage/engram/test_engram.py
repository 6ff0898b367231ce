"""Engrams of real folders: bit for bit, searched, updated, damaged."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import selfd_storage
from selfd_storage import StorageError
from selfd_storage.engram import Engram, build
from selfd_storage.engram.archive import FORMAT
from selfd_storage.engram.files import folders_above
from selfd_storage.engram.log import Kind, Log
from selfd_storage.errors import EngramError

SOURCE = Path(selfd_storage.__file__).parent
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small tree with everything that a tree may have."""
    root = tmp_path / "tree"
    texts = {
        "readme.md": "# Kestrel\nA kestrel hovers over the meadow.\n",
        "src/parser.py": "def parse_entry(line):\n    return line.split()\n" * 40,
        "src/deep/er/notes.txt": "The lighthouse keeper counts the waves.\n",
        "src/deep/empty.txt": "",
        "größe/maß.txt": "Länge und Größe der Straße\n",
    }
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / "image.bin").write_bytes(bytes(range(256)) * 3000)
    (root / "run.sh").write_text("#!/bin/sh\necho kestrel\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("readme.md")
    return root


@pytest.fixture
def engram(folder: Path, tmp_path: Path) -> Iterator[Engram]:
    build(folder, tmp_path / "tree.engram")
    with Engram.open(tmp_path / "tree.engram", writable=True) as opened:
        yield opened


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def test_a_folder_comes_back_bit_for_bit(engram: Engram, folder: Path, tmp_path: Path) -> None:
    done = engram.extract(tmp_path / "out")
    assert contents(tmp_path / "out") == contents(folder)
    assert done.files == len(contents(folder))
    assert done.damaged == []
    assert stat.S_IMODE((tmp_path / "out/run.sh").stat().st_mode) == 0o755
    assert (tmp_path / "out/readme.md").stat().st_mtime == (folder / "readme.md").stat().st_mtime


def test_our_own_source_comes_back_and_takes_less_room(tmp_path: Path) -> None:
    info = build(SOURCE, tmp_path / "s.engram", name="source")
    with Engram.open(tmp_path / "s.engram") as opened:
        opened.extract(tmp_path / "out")
    assert contents(tmp_path / "out") == contents(SOURCE)
    assert info.name == "source"
    assert info.raw_bytes == sum(map(len, contents(SOURCE).values()))
    assert info.stored_bytes == (tmp_path / "s.engram").stat().st_size < info.raw_bytes


def test_patterns_choose_what_comes_back(engram: Engram, tmp_path: Path) -> None:
    engram.extract(tmp_path / "out", ["src/**", "!*.py"])
    assert set(contents(tmp_path / "out")) == {"src/deep/er/notes.txt", "src/deep/empty.txt"}


def test_search_finds_the_file_and_its_line(engram: Engram) -> None:
    best = engram.search("lighthouse keeper")[0]
    assert (best.path, best.line) == ("src/deep/er/notes.txt", 1)
    assert best.text == "The lighthouse keeper counts the waves."
    assert engram.search("parse entry")[0].path == "src/parser.py"  # parts of parse_entry
    assert engram.search("GRÖSSE Straße")[0].path == "größe/maß.txt"


def test_search_finds_by_path_and_binary_files_by_it_alone(engram: Engram) -> None:
    assert engram.search("image")[0].path == "image.bin"
    assert engram.search("image")[0].line == 0


def test_search_returns_nothing_for_words_that_are_not_there(engram: Engram) -> None:
    assert engram.search("zeppelin quark") == []
    assert engram.search("") == []


def test_a_word_of_most_files_counts_only_where_no_rarer_one_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        rare = "the kestrel hovers" if number == 7 else "the meadow"
        (folder / f"{number}.txt").write_text(f"{rare}\n")
    build(folder, tmp_path / "many.engram")
    with Engram.open(tmp_path / "many.engram") as engram:
        assert [hit.path for hit in engram.search("the kestrel")] == ["7.txt"]
        assert len(engram.search("the", first=40)) == 40
        assert len(engram.search("the zeppelin", first=40)) == 40  # nothing has that word


def test_replacing_a_file_changes_what_is_found(engram: Engram, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("A zeppelin landed.\n")
    engram.update("src/deep/er/notes.txt", tmp_path / "new.txt")
    assert engram.read("src/deep/er/notes.txt") == b"A zeppelin landed.\n"
    assert engram.search("zeppelin")[0].path == "src/deep/er/notes.txt"
    assert engram.search("lighthouse") == []


def test_updates_outlive_closing(engram: Engram, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("fresh words\n")
    engram.update("added/here.txt", tmp_path / "new.txt")
    engram.update("readme.md", None)
    engram.close()
    with Engram.open(tmp_path / "tree.engram") as again:
        assert "readme.md" not in again.paths()
        assert again.read("added/here.txt") == b"fresh words\n"
        assert again.search("fresh")[0].path == "added/here.txt"
        assert [hit.path for hit in again.search("kestrel")] == ["run.sh"]
        assert again.info().files == len(contents(folder))


def test_a_long_chain_of_updates_is_cut_short(
    engram: Engram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfd_storage.engram.catalog.LONGEST_CHAIN", 3)
    for number in range(10):
        (tmp_path / "n").write_text(f"version {number}")
        engram.update("readme.md", tmp_path / "n")
    with Engram.open(tmp_path / "tree.engram") as again:
        assert again.read("readme.md") == b"version 9"
        assert len(again.paths()) == len(engram.paths())


def test_an_update_writes_its_own_file_and_bundles_and_not_the_others(tmp_path: Path) -> None:
    root = tmp_path / "many"
    root.mkdir()
    for number in range(400):
        (root / f"{number}.txt").write_text(f"same words in file {number}")
    target = tmp_path / "many.engram"
    whole = build(root, target).stored_bytes
    (tmp_path / "n").write_text("other words in this file")
    with Engram.open(target, writable=True) as opened:
        opened.update("7.txt", tmp_path / "n")
    added = [kind for start, _, kind in records(target) if start >= whole]
    assert added == [Kind.CHUNK, Kind.FILE, Kind.FOLDER, Kind.CATALOG]
    assert target.stat().st_size - whole < whole / 10


def records(path: Path) -> list[tuple[int, int, Kind]]:
    log = Log.open(path)
    found = [(r.offset, r.offset + 32 + len(r.payload), r.kind) for r in log.scan()]
    log.close()
    return found


@pytest.mark.parametrize("seed", range(12))
def test_damage_loses_what_it_hits_and_names_it(folder: Path, tmp_path: Path, seed: int) -> None:
    target = tmp_path / "hurt.engram"
    build(folder, target)
    whole = bytearray(target.read_bytes())
    rng = np.random.default_rng(seed)
    start = int(rng.integers(0, len(whole) - 300))
    whole[start : start + 200] = rng.bytes(200)
    hit = [kind for first, end, kind in records(target) if first < start + 200 and end > start]
    target.write_bytes(whole)
    with Engram.open(target) as hurt:
        done = hurt.extract(tmp_path / "out")
    back = contents(tmp_path / "out")
    original = contents(folder)
    assert all(original[path] == data for path, data in back.items())
    lost = set(original) - set(back)
    assert lost == {damage.path for damage in done.damaged}
    assert len(lost) <= sum(kind in (Kind.FILE, Kind.CHUNK) for kind in hit)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_cut_engram_gives_back_what_is_left(folder: Path, tmp_path: Path, share: float) -> None:
    target = tmp_path / "cut.engram"
    build(folder, target)
    data = target.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    with Engram.open(target) as cut:
        assert cut.info().damaged
        cut.extract(tmp_path / "out")
    original = contents(folder)
    assert all(original[path] == data for path, data in contents(tmp_path / "out").items())


def test_a_hostile_engram_writes_nothing_outside(engram: Engram, tmp_path: Path) -> None:
    (tmp_path / "evil").write_text("evil")
    for path in ("../evil", "/etc/evil", "a/../../evil", ""):
        with pytest.raises(EngramError, match="no path within"):
            engram.update(path, tmp_path / "evil")
    out = tmp_path / "out"
    (tmp_path / "elsewhere").mkdir()
    out.mkdir()
    (out / "src").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EngramError, match="through a link"):
        engram.extract(out, ["src/parser.py"])
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"not an engram", os.urandom(100_000)])
def test_a_file_that_is_no_engram_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.engram"
    path.write_bytes(data)
    with pytest.raises(EngramError, match="no engram"):
        Engram.open(path)


def test_what_cannot_be_is_told_in_words(tmp_path: Path, engram: Engram) -> None:
    with pytest.raises(EngramError, match="no folder"):
        build(tmp_path / "gone", tmp_path / "y.engram")
    with pytest.raises(EngramError, match="is there already"):
        build(SOURCE, tmp_path / "tree.engram")
    with pytest.raises(EngramError, match="no such file"):
        Engram.open(tmp_path / "gone.engram")
    with pytest.raises(StorageError, match="not in the engram"):
        engram.update("never.txt", None)


@given(st.dictionaries(st.text("abc/é", min_size=1, max_size=8), st.binary(max_size=4000)))
@settings(max_examples=25, deadline=None)
def test_any_bytes_come_back(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    root = tmp_path_factory.mktemp("any")
    for number, (name, data) in enumerate(files.items()):
        place = root / "in" / f"{number}{name.replace('/', '_')}"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
    (root / "in").mkdir(exist_ok=True)
    build(root / "in", root / "e.engram")
    with Engram.open(root / "e.engram") as opened:
        assert opened.extract(root / "out").damaged == []
    assert contents(root / "out") == contents(root / "in")


@given(st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=5))
def test_the_folders_above_a_path_are_its_beginnings(parts: list[str]) -> None:
    above = ["/".join(parts[:count]) for count in range(len(parts) - 1, -1, -1)]
    assert folders_above("/".join(parts)) == above


def test_one_file_has_one_path(engram: Engram, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("A zeppelin landed.\n")
    engram.update("./src//deep/er/notes.txt", tmp_path / "new.txt")
    assert engram.read("src/deep/er/notes.txt") == b"A zeppelin landed.\n"
    assert [hit.path for hit in engram.search("zeppelin")] == ["src/deep/er/notes.txt"]


def test_an_engram_of_format_1_is_searched_and_updated(tmp_path: Path) -> None:
    """Written before bundles had their bits apart from their counts."""
    old = tmp_path / "old.engram"
    old.write_bytes((GOLDEN / "format1.engram").read_bytes())
    (tmp_path / "new.txt").write_text("A zeppelin landed.\n")
    with Engram.open(old, writable=True) as opened:
        assert opened.search("lighthouse keeper")[0].path == "src/deep/notes.txt"
        assert opened.search("parse entry")[0].path == "src/parser.py"
        opened.update("src/deep/notes.txt", tmp_path / "new.txt")
        assert opened.search("zeppelin")[0].path == "src/deep/notes.txt"
        assert opened.search("lighthouse") == []
    with Engram.open(old) as again:
        assert again.info().name == "tree"
        assert again.info().created_at == datetime(2026, 1, 1, tzinfo=UTC)
        assert again.read("readme.md") == b"# Kestrel\nA kestrel hovers over the meadow.\n"
        assert again.search("zeppelin kestrel")[0].path in ("readme.md", "src/deep/notes.txt")
        assert again._read_header()["format"] == FORMAT, "no earlier selfd takes it for its own"
