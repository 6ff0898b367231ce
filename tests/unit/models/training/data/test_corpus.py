"""Windows of text: everything once an epoch, in an order that a cursor can continue."""

import json
from collections import Counter
from pathlib import Path

import pytest

from selfd_models.errors import CorpusError
from selfd_models.training.data.corpus import BETWEEN, PIECE, Corpus, Recipe, prepare, read_records
from support.hybrid import invent


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "long.txt").write_bytes(invent(100_000, seed=1).tobytes())
    (folder / "short.txt").write_bytes(invent(500, seed=2).tobytes())
    (folder / "long_valid.txt").write_bytes(b"held out " * 5000)
    prepare(folder, tmp_path / "cache", Recipe())
    return tmp_path / "cache"


def _epoch(corpus: Corpus, kind: str, size: int) -> list[bytes]:
    windows = []
    while corpus.cursor[kind]["epoch"] == 0:
        window = corpus.window(kind, size)
        windows.append(window.tobytes())
        corpus.advance(kind, len(window))
    return windows


def test_an_epoch_shows_every_byte_once(cache: Path) -> None:
    corpus = Corpus(cache, Recipe(), seed=1, cursor={})
    shown = b"".join(_epoch(corpus, "long", 3000))
    stored = (cache / "long.bin").read_bytes()
    pieces = -(-len(stored) // (PIECE // 2))
    counted = Counter(shown)
    counted[ord("\n")] -= shown.count(BETWEEN) * len(BETWEEN)
    wanted = Counter(stored)
    # The last window runs over into the next epoch.
    assert sum((wanted - counted).values()) == 0
    assert len(stored) <= len(shown) <= len(stored) + pieces * len(BETWEEN) + 3000


def test_a_cursor_continues_where_it_was_taken(cache: Path) -> None:
    whole = Corpus(cache, Recipe(), seed=1, cursor={})
    windows = []
    for _ in range(60):
        windows.append(whole.window("long", 3000).tobytes())
        whole.advance("long", 2777)
    first = Corpus(cache, Recipe(), seed=1, cursor={})
    for _ in range(31):
        first.advance("long", 2777)
    saved = json.loads(json.dumps(first.cursor))
    second = Corpus(cache, Recipe(), seed=1, cursor=saved)
    for window in windows[31:]:
        assert second.window("long", 3000).tobytes() == window
        second.advance("long", 2777)
    assert second.cursor["long"]["epoch"] == 1


def test_the_seed_decides_the_order(cache: Path) -> None:
    one, other = (Corpus(cache, Recipe(), seed=seed, cursor={}) for seed in (1, 2))
    assert one.window("long", 5000).tobytes() != other.window("long", 5000).tobytes()
    assert one.choose(7, 50) == Corpus(cache, Recipe(), seed=1, cursor={}).choose(7, 50)


def test_kinds_are_chosen_by_their_weights(cache: Path) -> None:
    corpus = Corpus(cache, Recipe(weights={"long": 3.0, "short": 1.0}), seed=1, cursor={})
    chosen = Counter(kind for step in range(100) for kind in corpus.choose(step, 20))
    assert chosen["long"] / 2000 == pytest.approx(0.75, abs=0.04)


def test_a_kind_shorter_than_a_window_is_repeated(cache: Path) -> None:
    corpus = Corpus(cache, Recipe(), seed=1, cursor={})
    window = corpus.window("short", 1200).tobytes()
    stored = (cache / "short.bin").read_bytes()
    assert window == (stored + BETWEEN + stored + BETWEEN + stored)[:1200]


def test_a_held_out_file_is_never_prepared(cache: Path) -> None:
    assert sorted(path.stem for path in cache.glob("*.bin")) == ["long", "short"]


def test_a_line_that_is_no_record_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_text('{"text": "one"}\n{"title": "no text"}\n')
    with pytest.raises(CorpusError, match=r"notes\.jsonl line 2 is no record with a text"):
        list(read_records(path))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus folder at"):
        prepare(tmp_path / "none", tmp_path / "cache", Recipe())
