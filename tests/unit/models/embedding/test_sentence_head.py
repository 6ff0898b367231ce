"""The head for sentences: what it reads, what it refuses, that it belongs to one checkpoint."""

import struct
from pathlib import Path

import numpy as np
import pytest

from selfd_models import checkpoint
from selfd_models.builtin import BuiltinModel
from selfd_models.embedding.sentence_head import END, PIECE, SHIPPED, SentenceHead, SentenceReader
from selfd_models.errors import SentenceHeadError
from selfd_models.training.embedding.sentence_head import DIRECTIONS, fit, read
from support.minds import tiny_checkpoint

TEXTS = ["The river answered.", "a", "Ünïcode 你好", "x" * 100, "Nobody came. " * 9]


@pytest.fixture(scope="module")
def reader() -> SentenceReader:
    return SentenceReader.of(tiny_checkpoint())


@pytest.fixture
def head(tmp_path: Path) -> Path:
    """The file of a head of 80 features, fitted to the checkpoint `mine`."""
    rng = np.random.default_rng(3)
    path = tmp_path / "head.safetensors"
    weight, mean = rng.normal(size=(80, 12)), rng.normal(size=80)
    SentenceHead(weight.astype(np.float32), mean.astype(np.float32), "mine").save(path)
    return path


def test_texts_read_together_are_as_they_are_one_by_one(reader: SentenceReader) -> None:
    together = read(reader, TEXTS, lambda _: None)
    alone = np.stack([reader.features(text) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-4)  # float32, padding adds zeros


def test_what_a_long_text_holds_is_the_mean_of_its_pieces(reader: SentenceReader) -> None:
    first, second = "one two three. " * 68, "four five. " * 30
    text = first.ljust(PIECE, ".") + second
    sums = [reader.sums([piece + END])[0] for piece in (text[:PIECE].encode(), second.encode())]
    expected = reader.averages((sums[0] + sums[1])[None])[0]
    np.testing.assert_allclose(reader.features(text), expected, atol=1e-6)


def test_a_predictable_byte_counts_less_than_a_surprising_one(reader: SentenceReader) -> None:
    model = BuiltinModel(tiny_checkpoint())
    text = b"The river answered." + END
    weight = reader.sums([text])[0, -1]
    read_of = model.surprise(np.frombuffer(text, np.uint8))[:-1]  # the last byte is not read
    assert weight == pytest.approx(float(read_of.sum()) * np.log(2), rel=1e-4)


@pytest.mark.parametrize("text", ["", "\x00", "broken \udce9 text", "🙂", "\n"])
def test_any_text_gets_a_finite_unit_vector(reader: SentenceReader, text: str) -> None:
    rng = np.random.default_rng(1)
    features = reader.features(text)
    weight = rng.random((len(features), 6), np.float32) - 0.5
    head = SentenceHead(weight, rng.random(len(features), np.float32), "")
    [vector] = head.embed(features[None])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_fitted_head_levels_the_encoder_and_follows_the_teacher() -> None:
    rng = np.random.default_rng(2)
    encoder, latent = rng.normal(size=(4000, 5)), rng.normal(size=(4000, 90))
    encoder[:, 0] *= 100.0
    wanted = latent[:, 7:8] + 0.1 * rng.normal(size=(4000, 3))
    features = np.concatenate([encoder, latent], axis=1).astype(np.float32)
    found = fit(features, wanted.astype(np.float32), "mine", width=5)
    assert found.weight.shape == (95, 5 + DIRECTIONS)
    spread = ((features - found.mean) @ found.weight)[:, :5].std(axis=0)
    np.testing.assert_allclose(spread, 1.0, atol=0.02)
    assert np.abs(found.weight[5:, 5]).argmax() == 7  # the column that the teacher knows


def test_what_was_fitted_is_what_is_read(head: Path) -> None:
    read = SentenceHead.load("mine", head)
    rng = np.random.default_rng(3)
    weight = rng.normal(size=(80, 12))
    np.testing.assert_allclose(read.weight, weight, atol=np.abs(weight).max() / 254 + 1e-6)


def test_a_head_of_other_weights_is_refused(head: Path) -> None:
    with pytest.raises(SentenceHeadError, match="fitted to the weights mine, not to other: embed"):
        SentenceHead.load("other", head)


def test_a_missing_head_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SentenceHeadError, match="no sentence head at"):
        SentenceHead.load("mine", tmp_path / "nothing")


@pytest.mark.parametrize("kept", [0, 9, -1])
def test_a_head_cut_short_is_refused(head: Path, kept: int) -> None:
    head.write_bytes(head.read_bytes()[:kept])
    with pytest.raises(SentenceHeadError, match="cut short"):
        SentenceHead.load("mine", head)


def test_a_changed_head_is_refused(head: Path) -> None:
    data = bytearray(head.read_bytes())
    [header] = struct.unpack("<Q", data[:8])
    data[8 + header + 5] ^= 1
    head.write_bytes(data)
    with pytest.raises(SentenceHeadError, match="was changed"):
        SentenceHead.load("mine", head)


def test_the_shipped_head_is_small_and_belongs_to_the_shipped_weights() -> None:
    assert SHIPPED.stat().st_size < 300_000
    SentenceHead.load(checkpoint.load(checkpoint.SHIPPED).fingerprint)


def test_the_shipped_head_tells_like_from_unlike() -> None:
    model = BuiltinModel.load(name="numpy")
    one, like, unlike = (
        model.embed_by_latent(text)
        for text in ("A man plays a guitar.", "A man is playing guitars.", "Rates rose in May.")
    )
    assert one @ like > one @ unlike + 0.2
