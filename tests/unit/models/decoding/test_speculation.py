"""Speculation is exact: with drafts or without, greedy or sampled, the text is the same."""

import itertools

import numpy as np
import pytest

from selfd_models.checkpoint import Checkpoint
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.speculation import (
    LONGEST_DRAFT,
    Choice,
    Tally,
    Way,
    _drafted,
    noise,
    plain,
    speculative,
)
from selfd_models.errors import ConfigError
from selfd_models.patcher import Bytes
from support.hybrid import decoder_or_skip


@pytest.fixture(scope="session", params=["numpy", "compiled"])
def decoder(request: pytest.FixtureRequest, checkpoint: Checkpoint) -> Decoder:
    return decoder_or_skip(request.param, checkpoint)


def _text(decoder: Decoder, way: Way, prompt: bytes, choice: Choice, size: int) -> bytes:
    tile = decoder.read(prompt)
    return bytes(itertools.islice(way(decoder, tile, len(prompt), choice, Tally()), size))


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_drafts_change_no_byte(decoder: Decoder, text: Bytes, temperature: float) -> None:
    for number in range(5):
        prompt = text[number * 900 : number * 900 + number * 11].tobytes()
        choice = Choice(temperature, seed=number)
        expected = _text(decoder, plain, prompt, choice, 150)
        assert _text(decoder, speculative, prompt, choice, 150) == expected


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_a_drafter_changes_no_byte(checkpoint: Checkpoint, text: Bytes, temperature: float) -> None:
    """One that knows nothing, so that every length of a draft is thrown away."""
    drawn = np.random.default_rng(8)
    shapes = ((48, 16),) * 3 + ((16,), (16, 256), (256,))
    drafter = Drafter._make(drawn.standard_normal(shape, np.float32) for shape in shapes)
    drafting, alone = Decoder(checkpoint, drafter), Decoder(checkpoint)
    for number in range(4):
        prompt = text[number * 700 : number * 700 + number * 13].tobytes()
        choice = Choice(temperature, seed=number)
        expected = _text(alone, plain, prompt, choice, 150)
        assert _text(drafting, speculative, prompt, choice, 150) == expected


def _refrain(checkpoint: Checkpoint) -> tuple[Decoder, bytes]:
    """Give a decoder with a drafter that knows nothing, and a text that repeats itself."""
    drawn = np.random.default_rng(8)
    shapes = ((48, 16),) * 3 + ((16,), (16, 256), (256,))
    drafter = Drafter._make(drawn.standard_normal(shape, np.float32) for shape in shapes)
    return Decoder(checkpoint, drafter), b"The quick brown fox jumps over a lazy dog.\n" * 5


def test_what_followed_each_time_is_drafted_beyond_the_end_of_a_patch(
    checkpoint: Checkpoint,
) -> None:
    decoder, text = _refrain(checkpoint)
    line = decoder.line(decoder.read(text[:-1]).state())
    line.read(text[-1])
    tile = decoder.read(text)
    assert decoder.drafter is not None
    drafts = _drafted(decoder.drafter, line, tile, len(tile.logits) - 1, len(text), Choice())
    assert bytes(drafts) == text[:LONGEST_DRAFT]
    assert sum(not cutter.length for cutter in line.patchers) > 2


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_copies_change_no_byte(checkpoint: Checkpoint, temperature: float) -> None:
    decoder, text = _refrain(checkpoint)
    for cut in range(0, 40, 7):
        prompt, choice = text[: len(text) - cut], Choice(temperature, seed=cut)
        expected = _text(decoder, plain, prompt, choice, 120)
        assert _text(decoder, speculative, prompt, choice, 120) == expected


class _Oracle(Decoder):
    """A decoder whose drafts are right for a while, then wrong: every length is accepted once."""

    def __init__(self, checkpoint: Checkpoint, told: bytes) -> None:
        super().__init__(checkpoint)
        self.told = told
        self.given = 0
        self.right = 0

    def draft(self, tile, row=-1):  # type: ignore[no-untyped-def]
        scores = np.zeros((8, 256), np.float32)
        for at in range(8):
            next_byte = self.told[self.given + 1 + at]
            scores[at, next_byte if at < self.right else next_byte ^ 1] = 99.0
        self.given += min(self.right, 7) + 1
        self.right = (self.right + 1) % 9
        return scores


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_drafts_of_every_quality_change_no_byte(
    checkpoint: Checkpoint, text: Bytes, temperature: float
) -> None:
    prompt, choice = text[:64].tobytes(), Choice(temperature, seed=3)
    expected = _text(Decoder(checkpoint), plain, prompt, choice, 400)
    oracle, tally = _Oracle(checkpoint, expected), Tally()
    got = speculative(oracle, oracle.read(prompt), 64, choice, tally)
    assert bytes(itertools.islice(got, 370)) == expected[:370]
    assert tally.per_pass > 4.0


def test_a_tie_goes_to_the_lowest_byte() -> None:
    scores = np.zeros(256, np.float32)
    scores[[65, 200]] = 1.0, 1.0 + 1e-5
    assert Choice().pick(scores, 0) == 65


def test_samples_follow_the_softmax() -> None:
    scores = np.full(256, -30.0, np.float32)
    scores[[7, 8, 9]] = np.log([0.6, 0.3, 0.1])
    drawn = [Choice(1.0, seed=1).pick(scores, position) for position in range(4000)]
    shares = np.bincount(drawn, minlength=256)[7:10] / 4000
    assert np.abs(shares - [0.6, 0.3, 0.1]).max() < 0.025  # three deviations


def test_noise_depends_on_the_seed_and_the_position() -> None:
    assert (noise(1, 5) == noise(1, 5)).all()
    assert (noise(1, 5) != noise(1, 6)).mean() > 0.99
    assert (noise(1, 5) != noise(2, 5)).mean() > 0.99
    assert (noise(-1, 5) == noise(2**64 - 1, 5)).all()


@pytest.mark.parametrize("temperature", [-0.1, 11.0, float("nan")])
def test_a_temperature_out_of_range_is_refused(temperature: float) -> None:
    with pytest.raises(ConfigError, match="temperature must be 0 to 10"):
        Choice(temperature)
