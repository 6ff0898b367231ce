"""Sentence embeddings: the same everywhere, sound on any input, refused when changed."""

import json
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from selfd_models.embedding import embedder as embedding
from selfd_models.embedding.embedder import FORMAT, LEXICON, SHIPPED, Embedder, fingerprint
from selfd_models.embedding.features import GRAM_SIZES, cut, features, normalise
from selfd_models.embedding.spelling import Lexicon
from selfd_models.errors import EmbedderFileError

MASK = 2**64 - 1
PRIME = 0x100000001B3

STRANGE = {
    "one byte": "a",
    "a space": " ",
    "a NUL": "\x00",
    "every ASCII character": "".join(map(chr, range(128))),
    "every byte value as Latin-1": bytes(range(256)).decode("latin-1"),
    "a lone surrogate": "broken \udce9 text",
    "one endless word": "ab" * 300_000,
    "no spaces": "今天天气很好我们去公园散步吧" * 30,
    "emoji alone": "🙂🚀",
    "a megabyte of words": "the quick brown fox " * 50_000,
}


@pytest.fixture(scope="module")
def shipped() -> Embedder:
    return Embedder.load()


def _mix(x: int) -> int:
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        x = (x ^ (x >> 33)) * factor & MASK
    return x ^ (x >> 33)


def _hashes_by_hand(word: bytes) -> list[int]:
    """The same features, one byte at a time: the word, then its n-grams by place and size."""
    name, power = 0, PRIME
    for byte in word:
        name = (name + (byte + 0x9E3779B97F4A7C15) * power) & MASK
        power = power * PRIME & MASK
    marked = b"<" + word + b">"
    found = [_mix(name)]
    for place in range(len(marked)):
        rolling = 0
        for size, byte in enumerate(marked[place:], start=1):
            rolling = (rolling ^ byte) * PRIME & MASK
            if size in GRAM_SIZES:
                found.append(_mix((rolling + size) & MASK))
    return found


@settings(deadline=None, max_examples=80)
@given(st.lists(st.text("abc dé中'-", max_size=30), max_size=6))
def test_a_batch_has_the_features_that_its_words_have_one_by_one(texts: list[str]) -> None:
    found = features([normalise(text) for text in texts])
    ends = np.cumsum(found.features_per_word)
    of_word = [
        found.hashes[end - count : end].tolist()
        for end, count in zip(ends, found.features_per_word, strict=True)
    ]
    words = [of_word[word] for word in found.words]
    expected = [normalise(text).replace(b"'", b" ").replace(b"-", b" ").split() for text in texts]
    assert [len(text) for text in expected] == found.words_per_text.tolist()
    assert words == [_hashes_by_hand(word) for text in expected for word in text]


def test_an_endless_word_is_taken_in_pieces() -> None:
    found = features([b"x" * 150])
    assert found.words_per_text.tolist() == [3]
    assert found.hashes[: found.features_per_word[0]].tolist() in (
        _hashes_by_hand(b"x" * 60),
        _hashes_by_hand(b"x" * 30),
    )


@given(st.binary(max_size=300), st.integers(1, 40))
def test_pieces_join_to_the_text_and_keep_to_the_limit(text: bytes, limit: int) -> None:
    pieces = list(cut(text, limit))
    assert b"".join(pieces) == text
    assert max(map(len, pieces)) <= limit


def test_a_text_is_cut_between_words_where_it_can_be() -> None:
    assert list(cut(b"one two three", 9)) == [b"one two ", b"three"]


@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE.keys())
def test_any_text_gets_a_finite_unit_vector(shipped: Embedder, text: str) -> None:
    [vector] = shipped.embed([text])
    assert vector.dtype == np.float32
    assert vector.shape == (shipped.dimensions,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)  # float32 over 256 terms


def test_no_texts_give_no_rows(shipped: Embedder) -> None:
    assert shipped.embed([]).shape == (0, 256)


def test_texts_without_a_word_are_the_last_axis_and_near_to_nothing(shipped: Embedder) -> None:
    empty, stops, words = shipped.embed(["", "?! …", "The train to Vienna leaves at nine."])
    assert np.array_equal(empty, np.eye(256, dtype=np.float32)[-1])
    assert np.array_equal(stops, empty)
    assert abs(float(words @ empty)) < 0.2


def test_a_text_has_the_same_bits_alone_and_among_others(shipped: Embedder) -> None:
    texts = [f"note {n}: buy {n % 7} apples, call Anna on {n} May" for n in range(300)]
    together = shipped.embed([*texts, "x" * 300_000, *texts[::-1]])
    assert np.array_equal(together[:300], np.concatenate([shipped.embed([t]) for t in texts]))
    assert np.array_equal(together[301:], together[299::-1])


def test_another_process_gives_the_same_bits(shipped: Embedder) -> None:
    texts = ["Where did I park the car?", "Wo steht mein Auto?", "", "🙂"]
    program = (
        "import json, sys; from selfd_models.embedding.embedder import Embedder; "
        "sys.stdout.write(Embedder.load().embed(json.loads(sys.argv[1])).tobytes().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(texts)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert bytes.fromhex(done.stdout) == shipped.embed(texts).tobytes()


def test_a_text_longer_than_a_block_is_read_to_its_end(
    shipped: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "the harbour at dawn, then a long letter about taxes, and music in the evening"
    whole = shipped.embed([text])
    monkeypatch.setattr(embedding, "BLOCK_BYTES", 20)
    np.testing.assert_allclose(shipped.embed([text]), whole, atol=1e-6)  # sums in another order


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello World", "hello, world!"),
        ("“Hello” — world…", "hello world"),
        ("café crème", "cafe\u0301 cre\u0300me"),
        ("the ﬁle", "the file"),
        ("ＡＢＣ", "abc"),
    ],
)
def test_case_punctuation_and_forms_of_letters_do_not_matter(
    shipped: Embedder, one: str, other: str
) -> None:
    first, second = shipped.embed([one, other])
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        (
            "A man is playing a guitar.",
            "Someone plays an instrument.",
            "The bank raised its rates.",
        ),
        ("When is my doctor's appointment?", "The medical visit is on Friday.", "Paint the fence."),
        ("The cat sleeps on the sofa.", "A kitten is napping on the couch.", "He sold the cattle."),
        ("What did we eat in Rome?", "We had pasta for dinner in Italy.", "The tyres need air."),
        ("The calendar is full tomorrow.", "Teh calender is ful tomorow", "The candle is on fire."),
    ],
)
def test_the_shipped_embedder_knows_what_is_alike(
    shipped: Embedder, text: str, near: str, far: str
) -> None:
    vectors = shipped.embed([text, near, far])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Where did I prak the car", "Where did I park the car"),
        ("my docter called yesteday", "my doctor called yesterday"),
        ("buy brread and poatoes", "buy bread and potatoes"),
    ],
)
def test_a_misspelt_text_lies_near_to_what_was_meant(
    shipped: Embedder, typed: str, meant: str
) -> None:
    one, other = shipped.embed([typed, meant])
    assert one @ other > 0.85


def test_a_word_that_a_text_repeats_is_no_typing_error(shipped: Embedder) -> None:
    once, often = "the calandar is new", "the calandar is new, a calandar of mine"
    meant = shipped.embed(["calendar"])
    alone, repeated = shipped.embed([once, often])
    assert alone @ meant[0] > repeated @ meant[0] + 0.2
    both = shipped.embed([f"{once} calandar", often, once])  # each text by itself
    assert np.array_equal(both[1:], [repeated, alone])


def test_the_shipped_file_is_small_and_the_one_selfd_was_built_with(shipped: Embedder) -> None:
    assert SHIPPED.stat().st_size < 6_500_000
    assert shipped.fingerprint == embedding.SHIPPED_FINGERPRINT


def test_loading_imports_neither_torch_nor_the_training(tmp_path: Path) -> None:
    program = (
        "import sys; from selfd_models.embedding.embedder import Embedder; Embedder.load(); "
        "sys.exit(any(m.partition('.')[0] in ('torch', 'jax', 'mlx') or 'training' in m"
        " for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A valid embedder file of 50 rows."""
    rng = np.random.default_rng(1)
    tensors: dict[str, NDArray[Any]] = {
        "table": rng.integers(-127, 128, (50, 256)).astype(np.int8),
        "scales": rng.random(50, np.float32),
        "gates": rng.normal(size=50).astype(np.float32),
        **{f"lexicon.{name}": getattr(Lexicon.of({"hello": 3}), name) for name in LEXICON},
    }
    path = tmp_path / "small.safetensors"
    save_file(tensors, path, metadata={"format": FORMAT, "fingerprint": fingerprint(tensors)})
    return path


def test_another_file_than_the_shipped_one_can_be_loaded(small: Path, shipped: Embedder) -> None:
    other = Embedder.load(small)
    assert other.fingerprint != shipped.fingerprint
    assert other.embed(["hello"]).shape == (1, 256)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderFileError, match="no embedder file at"):
        Embedder.load(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("kept", [0, 1, 7, 100, -1])
def test_a_file_cut_short_is_refused(small: Path, kept: int) -> None:
    small.write_bytes(small.read_bytes()[:kept])
    with pytest.raises(EmbedderFileError, match="cannot be read"):
        Embedder.load(small)


@pytest.mark.parametrize("name", ["gates", "lexicon.letters", "scales", "table"])
def test_one_flipped_bit_in_any_array_is_refused(small: Path, name: str) -> None:
    data = bytearray(small.read_bytes())
    [header_size] = struct.unpack("<Q", data[:8])
    header: dict[str, Any] = json.loads(data[8 : 8 + header_size])
    begin, _ = header[name]["data_offsets"]
    data[8 + header_size + begin] ^= 1
    small.write_bytes(data)
    with pytest.raises(EmbedderFileError, match="was changed"):
        Embedder.load(small)


def test_a_file_of_another_format_is_refused(small: Path) -> None:
    save_file(load_file(small), small, metadata={"format": "selfd-embedder-1"})
    with pytest.raises(EmbedderFileError, match="selfd-embedder-1"):
        Embedder.load(small)


def test_a_sound_file_in_the_place_of_the_shipped_one_is_refused(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "SHIPPED", small)
    with pytest.raises(EmbedderFileError, match="install selfd again"):
        Embedder.load()
