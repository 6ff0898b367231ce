"""The kernels: every width of a matrix, packed and not, and the shipped model over 512 bytes."""

import ctypes
import platform
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from selfd_models.checkpoint import SHIPPED, Checkpoint, load
from selfd_models.decoding.compiled import library as built
from selfd_models.decoding.compiled.engine import CompiledEngine, serves
from selfd_models.decoding.compiled.library import Kernels, kernels
from selfd_models.decoding.compiled.weights import KernelWeights
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.door_engine import DoorEngine
from selfd_models.decoding.numpy_engine import NumpyEngine
from selfd_models.decoding.reader import PlainReader
from selfd_models.ops import load_ops
from selfd_models.patcher import Bytes
from selfd_models.quantise import pack, unpack
from support.hybrid import decoder_or_skip, no_kernels

FOUND = np.random.default_rng(4)


EVERY_FORM = list(built.FORMS.get(platform.machine(), built.ONE_FORM))


@pytest.fixture(params=EVERY_FORM)
def library(request: pytest.FixtureRequest) -> Kernels:
    """Give each form that this processor can run, in turn."""
    best = kernels()
    if best is None:
        pytest.skip("the kernels were not built: no C compiler")
    if EVERY_FORM.index(request.param) < EVERY_FORM.index(best.form):
        pytest.skip(f"{request.param} is too wide for this processor")
    found = kernels(request.param)
    assert found is not None
    return found


def test_where_a_compiler_is_the_kernels_were_built() -> None:
    assert shutil.which("cc") is None or kernels() is not None


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("inputs", [32, 64, 96, 256])
@pytest.mark.parametrize("outputs", [1, 15, 16, 17, 33, 48, 49, 63, 64, 65, 80, 128, 200, 304])
def test_products_are_right_at_every_width(
    library: Kernels, inputs: int, outputs: int, packed: bool
) -> None:
    weight = FOUND.standard_normal((outputs, inputs), np.float32)
    words = pack(weight, 4)
    p = {"weight": (unpack(words) if packed else weight).T}
    weights = KernelWeights(p, {"weight": words} if packed else {})
    laid = weights.matrix("weight")
    x = FOUND.standard_normal(inputs, np.float32)
    y = np.empty(-(-outputs // 16) * 16, np.float32)
    library.multiply(ctypes.addressof(laid), x.ctypes.data, y.ctypes.data)
    assert np.abs(y[:outputs] - x @ p["weight"]).max() < 1e-4
    assert not y[outputs:].any()


def test_matrices_that_no_file_has_packed_serve_as_they_are(
    checkpoint: Checkpoint, text: Bytes
) -> None:
    plain = replace(checkpoint, packed={})
    read = text[:400].tobytes()
    expected = decoder_or_skip("numpy", checkpoint).read(read)
    found = decoder_or_skip("compiled", plain).read(read)
    assert np.abs(found.logits - expected.logits).max() < 1e-4


def test_the_shipped_model_drifts_from_the_layers_as_written_by_less_than_a_thousandth(
    text: Bytes,
) -> None:
    checkpoint = load(SHIPPED)
    assert checkpoint.packed
    plain = DoorEngine(checkpoint.parameters, checkpoint.config, load_ops("numpy"))
    decoders = [Decoder(checkpoint, engine=plain), decoder_or_skip("compiled", checkpoint)]
    tiles = [decoder.start() for decoder in decoders]
    for at in range(0, 512, 16):
        ahead = text[at : at + 16].tolist()
        tiles = [d.advance(t.state(), ahead) for d, t in zip(decoders, tiles, strict=True)]
        assert np.abs(tiles[0].logits - tiles[1].logits).max() < 1e-3
        assert (tiles[0].logits.argmax(axis=1) == tiles[1].logits.argmax(axis=1)).all()


def test_a_library_of_another_source_is_not_used(
    library: Kernels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built.FOLDER, tmp_path / "copy")
    monkeypatch.setattr(built, "FOLDER", tmp_path / "copy")
    assert kernels.__wrapped__() is not None
    with (tmp_path / "copy" / "latent.h").open("a") as changed:
        changed.write("\n")
    assert kernels.__wrapped__() is None


def test_without_the_library_numpy_decodes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with no_kernels(tmp_path):
        assert not serves(checkpoint.config)
        decoder = Decoder(checkpoint)
        assert isinstance(decoder.engine, NumpyEngine)
        assert isinstance(decoder.reader, PlainReader)
        with pytest.raises(RuntimeError, match="C compiler"):
            CompiledEngine(checkpoint)


def test_bytes_are_read_to_the_integer_and_the_bit_as_they_are_plainly(
    checkpoint: Checkpoint, text: Bytes
) -> None:
    """Every byte value, prose, and repeats long enough to be copied; each tenth byte is undone."""
    every = FOUND.permutation(np.arange(256, dtype=np.uint8).repeat(3)).tobytes()
    data = every + text[:2000].tobytes() + b"Once more, with feeling.\n" * 8
    readers = [decoder_or_skip(name, checkpoint).reader for name in ("compiled", "numpy")]
    states = [reader.start() for reader in readers]
    assert (readers[0].first == readers[1].first).all()
    copies = 0
    for at, byte in enumerate(data):
        if at % 10 == 0:
            for reader, state in zip(readers, states, strict=True):
                state.undo(reader.read(state, byte ^ 1).written)
        found, expected = (r.read(s, byte) for r, s in zip(readers, states, strict=True))
        assert (found.row == expected.row).all()
        assert found.copied == expected.copied
        copies += found.copied is not None
        states = [found.state, expected.state]
        assert (np.asarray(found.state.follows) == np.asarray(expected.state.follows)).all()
    assert copies > 100


def test_every_form_gives_each_row_its_bits_and_the_layers_figures(
    library: Kernels, checkpoint: Checkpoint, text: Bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = decoder_or_skip("numpy", checkpoint).read(text[:300].tobytes())
    monkeypatch.setattr("selfd_models.decoding.compiled.engine.kernels", lambda: library)
    decoder = decoder_or_skip("compiled", checkpoint)
    tile = decoder.read(text[:300].tobytes())
    assert np.abs(tile.logits - expected.logits).max() < 1e-4
    single = decoder.read(text[:280].tobytes())
    for byte in text[280:300].tolist():
        single = decoder.advance(single.state(), [byte])
    assert (single.logits[-1] == tile.logits[-1]).all()
