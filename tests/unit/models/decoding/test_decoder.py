"""Byte by byte: the same as all at once, from a state that is a value of fixed size."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint
from selfd_models.config import TINY
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.tile import State, Tile
from selfd_models.layout import lay_out
from selfd_models.network.model import draft, forward, logits
from selfd_models.ops import load_ops
from selfd_models.patcher import Bytes
from support.hybrid import decoder_or_skip

Floats = NDArray[np.float32]


@pytest.fixture(scope="session", params=["numpy", "compiled"])
def decoder(request: pytest.FixtureRequest, checkpoint: Checkpoint) -> Decoder:
    return decoder_or_skip(request.param, checkpoint)


def _stream(decoder: Decoder, data: Bytes, sizes: tuple[int, ...] = (1,)) -> Floats:
    """Give every row's scores, read in tiles of the given sizes, one after the other."""
    tile = decoder.start()
    found = [tile.logits]
    at = number = 0
    while at < len(data):
        size = sizes[number % len(sizes)]
        tile = decoder.advance(tile.state(), data[at : at + size].tolist())
        found.append(tile.logits)
        at, number = at + size, number + 1
    return np.concatenate(found)


def _at_once(checkpoint: Checkpoint, data: Bytes) -> tuple[Floats, Floats]:
    """Give every row's scores and drafts from the batch path; the last byte is not read."""
    ops, p = load_ops("numpy"), checkpoint.parameters
    layout = lay_out([data], checkpoint.patcher, TINY)
    outputs = forward(p, layout, TINY, ops=ops)
    drafts = draft(p, outputs.decoded[0], outputs.context[0], TINY, ops=ops)
    return logits(p, outputs.decoded)[0], drafts


def test_single_bytes_equal_the_whole_text(
    decoder: Decoder, checkpoint: Checkpoint, text: Bytes
) -> None:
    """900 bytes are far more patches than the attention window holds, and wrap its store."""
    whole, _ = _at_once(checkpoint, text[:900])
    assert np.abs(_stream(decoder, text[:899]) - whole).max() < 1e-4


def test_every_byte_value_is_read(decoder: Decoder, checkpoint: Checkpoint) -> None:
    data = np.random.default_rng(5).permutation(np.arange(256, dtype=np.uint8).repeat(2))
    whole, _ = _at_once(checkpoint, data)
    assert np.abs(_stream(decoder, data[:-1]) - whole).max() < 1e-3


@pytest.mark.parametrize("sizes", [(8,), (1, 8, 3, 32, 7, 2), (300,)])
def test_tiles_equal_single_bytes_to_the_bit(
    decoder: Decoder, text: Bytes, sizes: tuple[int, ...]
) -> None:
    single = _stream(decoder, text[:600])
    assert (_stream(decoder, text[:600], sizes) == single).all()


def test_a_tile_left_early_is_as_if_never_read(decoder: Decoder, text: Bytes) -> None:
    """After each byte, seven wrong ones are read and taken back."""
    single = _stream(decoder, text[:300])
    wrong = np.random.default_rng(6)
    tile, row = decoder.start(), 0
    for at, byte in enumerate(text[:300].tolist()):
        assert (tile.logits[row] == single[at]).all()
        ahead = [byte, *wrong.choice(text[:50], 7).tolist()]
        tile, row = decoder.advance(tile.state(row), ahead), 0
    assert (tile.logits[0] == single[300]).all()


def test_texts_read_together_equal_each_alone_to_the_bit(decoder: Decoder, text: Bytes) -> None:
    """Seven texts of different lengths; each goes on from where its own prompt ended."""
    starts = [at * 700 for at in range(7)]
    tiles = [decoder.read(text[at : at + at // 100].tobytes()) for at in starts]
    for ahead in range(120):
        data = [int(text[at + at // 100 + ahead]) for at in starts]
        tiles = decoder.advance_each([tile.state() for tile in tiles], data)
    for at, tile in zip(starts, tiles, strict=True):
        alone = decoder.read(text[at : at + at // 100 + 120].tobytes())
        assert (tile.logits[-1] == alone.logits[-1]).all()


def test_a_fork_is_not_touched_by_the_other_line(decoder: Decoder, text: Bytes) -> None:
    state = decoder.read(text[:200].tobytes()).state()
    other = state.fork()
    first = decoder.advance(state, text[200:260].tolist()).logits
    decoder.advance(other.fork(), text[5000:5100].tolist())
    again = decoder.advance(other, text[200:260].tolist()).logits
    assert (first == again).all()


def test_a_state_has_the_same_size_after_any_text(decoder: Decoder, text: Bytes) -> None:
    sizes = [_size(decoder.read(text[:size].tobytes())) for size in (40, 400, 900)]
    assert sizes[0] == sizes[1] == sizes[2]


def test_drafts_equal_those_of_the_whole_text(
    decoder: Decoder, checkpoint: Checkpoint, text: Bytes
) -> None:
    _, drafts = _at_once(checkpoint, text[:101])
    tile = decoder.read(text[:96].tobytes())
    for row, at in ((-1, 96), (-32, 65)):
        assert np.abs(decoder.draft(tile, row) - drafts[at]).max() < 1e-4


def _size(tile: Tile) -> int:
    """Count the bytes of all arrays in the state after a tile."""
    state: State = tile.state()
    return sum(array.size * array.itemsize for array in _arrays(state))


def _arrays(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, Mapping):
        return [array for part in value.values() for array in _arrays(part)]
    if isinstance(value, tuple | list):
        return [array for part in value for array in _arrays(part)]
    return _arrays(vars(value)) if hasattr(value, "__dict__") else []
