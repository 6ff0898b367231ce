"""The figures are real: bits per byte are what an arithmetic coder needs, and nothing leaks.

Run on the shipped checkpoint where it is there, else on a tiny model that was never trained. That a
later byte changes no earlier score is tested in network/test_model.
"""

import math
from typing import NamedTuple

import numpy as np
import pytest

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import SHIPPED, Checkpoint, load
from selfd_models.decoding.decoder import Decoder
from selfd_models.patcher import Bytes
from support import coder
from support.hybrid import invent

SIZE = 16_384

shipped = pytest.mark.skipif(not SHIPPED.exists(), reason="no trained weights in this checkout")


class Coded(NamedTuple):
    """A text, its bits by the streaming scores, and its code."""

    data: Bytes
    bits: float
    code: bytes


@pytest.fixture(scope="module")
def model(checkpoint: Checkpoint) -> Checkpoint:
    return load(SHIPPED) if SHIPPED.exists() else checkpoint


@pytest.fixture(scope="module")
def coded(model: Checkpoint) -> Coded:
    data = invent(SIZE, seed=9)
    decoder, encoder = Decoder(model), coder.Encoder()
    tile, bits = decoder.start(), 0.0
    for byte in data.tolist():
        scores = tile.logits[0].astype(np.float64)
        bits += (np.log(np.exp(scores - scores.max()).sum()) + scores.max() - scores[byte]) / (
            math.log(2.0)
        )
        encoder.put(byte, coder.shares(tile.logits[0]))
        tile = decoder.advance(tile.state(), [byte])
    return Coded(data, float(bits), encoder.finish())


def test_the_code_is_as_long_as_the_bits_say(coded: Coded) -> None:
    assert len(coded.code) * 8 == pytest.approx(coded.bits, rel=0.005)


def test_the_code_gives_the_text_back(coded: Coded, model: Checkpoint) -> None:
    decoder, reader = Decoder(model), coder.Decoder(coded.code)
    tile, got = decoder.start(), bytearray()
    for _ in range(SIZE):
        byte = reader.get(coder.shares(tile.logits[0]))
        got.append(byte)
        tile = decoder.advance(tile.state(), [byte])
    assert bytes(got) == coded.data.tobytes()


def test_streaming_bits_equal_those_at_once(coded: Coded, model: Checkpoint) -> None:
    at_once = float(BuiltinModel(model).surprise(coded.data).sum(dtype=np.float64))
    assert abs(at_once - coded.bits) / SIZE < 1e-3


def test_bytes_are_counted_in_the_text_itself(model: Checkpoint) -> None:
    assert BuiltinModel(model).score("naïve 日本").bytes == len("naïve 日本".encode())


@shipped
def test_random_bytes_cannot_be_predicted() -> None:
    data = np.random.default_rng(10).integers(0, 256, 16_384).astype(np.uint8)
    model = BuiltinModel(load(SHIPPED))
    bits = sum(float(model.surprise(data[at : at + 8192]).sum()) for at in (0, 8192))
    assert bits / len(data) >= 7.99


@shipped
def test_the_shipped_checkpoint_beats_guessing_on_plain_english() -> None:
    score = BuiltinModel.load(name="numpy").score(
        "She opened the door and looked out at the garden. The rain had stopped, and the evening "
        "light lay on the wet leaves. There was nobody there, but she could hear somebody walking."
    )
    assert score.bits_per_byte < 3.0
