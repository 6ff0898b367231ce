"""The plain engine on every backend: the whole text's figures, and rows that know no company."""

import itertools

import numpy as np
import pytest

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import SHIPPED, Checkpoint, load
from selfd_models.config import TINY
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.door_engine import DoorEngine
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.speculation import Choice, Tally, plain, speculative
from selfd_models.layout import lay_out
from selfd_models.network.model import forward, logits
from selfd_models.ops import ArrayOps, load_ops
from selfd_models.patcher import Bytes
from support.hybrid import ops_or_skip

READ = 230  # more patches than the attention window of the tiny model holds


@pytest.fixture(params=["numpy", pytest.param("mlx", marks=pytest.mark.mlx)])
def ops(request: pytest.FixtureRequest) -> ArrayOps:
    """Give each backend that serves, in turn."""
    return ops_or_skip(request.param)


def _decoder(checkpoint: Checkpoint, ops: ArrayOps) -> Decoder:
    return Decoder(checkpoint, engine=DoorEngine(checkpoint.parameters, TINY, ops))


def test_single_bytes_equal_the_whole_text(
    checkpoint: Checkpoint, ops: ArrayOps, text: Bytes
) -> None:
    numpy, p = load_ops("numpy"), checkpoint.parameters
    layout = lay_out([text[:READ]], checkpoint.patcher, TINY)
    assert layout.last.shape[1] > TINY.window
    whole = logits(p, forward(p, layout, TINY, ops=numpy).decoded)[0]
    decoder = _decoder(checkpoint, ops)
    tile = decoder.start()
    found = [tile.logits]
    for byte in text[: READ - 1].tolist():
        tile = decoder.advance(tile.state(), [byte])
        found.append(tile.logits)
    assert np.abs(np.concatenate(found) - whole).max() < 1e-4


def test_rows_are_the_same_alone_in_tiles_and_among_other_texts(
    checkpoint: Checkpoint, ops: ArrayOps, text: Bytes
) -> None:
    decoder = _decoder(checkpoint, ops)
    if not decoder.engine.exact:
        pytest.skip("a row's place changes its bits here, and drafts are not used")
    start = decoder.read(text[:40].tobytes())
    tile = decoder.advance(start.state().fork(), text[40:75].tolist())
    state = start.state().fork()
    for at in range(35):
        alone = decoder.advance(state, [int(text[40 + at])])
        state = alone.state()
        assert (alone.logits[0] == tile.logits[at]).all()
    others = [decoder.read(text[at : at + 30].tobytes()) for at in (500, 900, 1700)]
    together = decoder.advance_each([state.fork(), *(other.state() for other in others)], [65] * 4)
    assert (together[0].logits == decoder.advance(state, [65]).logits).all()


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_drafts_change_no_byte(
    checkpoint: Checkpoint, ops: ArrayOps, text: Bytes, temperature: float
) -> None:
    decoder, choice = _decoder(checkpoint, ops), Choice(temperature, seed=5)
    if not decoder.engine.exact:
        pytest.skip("a row's place changes its bits here, and drafts are not used")
    prompt = text[300:360].tobytes()
    made = [
        bytes(itertools.islice(way(decoder, decoder.read(prompt), 60, choice, Tally()), 80))
        for way in (plain, speculative)
    ]
    assert made[0] == made[1]


@pytest.mark.mlx
def test_the_shipped_model_writes_the_same_on_both_backends() -> None:
    ops = ops_or_skip("mlx")
    checkpoint = load(SHIPPED)
    model = BuiltinModel(checkpoint, "numpy")
    engine = DoorEngine(checkpoint.parameters, checkpoint.config, ops)
    decoder = Decoder(checkpoint, Drafter.load(), engine)
    prompt = b"The harbour lay quiet"
    made = speculative(decoder, decoder.read(prompt), len(prompt), Choice(0.8, 2), Tally())
    alone = model.complete(prompt.decode(), max_bytes=60, temperature=0.8, seed=2)
    assert bytes(itertools.islice(made, 60)) == b"".join(alone)


@pytest.mark.mlx
def test_a_model_on_mlx_continues_with_the_faster_engine(checkpoint: Checkpoint) -> None:
    ops_or_skip("mlx")
    model = BuiltinModel(checkpoint, "mlx")
    assert b"".join(model.complete("The river", max_bytes=30)) == b"".join(
        BuiltinModel(checkpoint, "numpy").complete("The river", max_bytes=30)
    )
