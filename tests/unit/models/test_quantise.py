"""Packed numbers: small, close, and the same to the bit wherever they are unpacked."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from selfd_models.config import NANO
from selfd_models.quantise import GROUP, Packed, pack, storages, unpack


def _weights(seed: int, *shape: int) -> Any:
    return np.random.default_rng(seed).normal(0.0, 0.05, shape).astype(np.float32)


@pytest.mark.parametrize(("bits", "most"), [(4, 0.085), (8, 0.006)])
def test_normal_numbers_lose_little(bits: Literal[4, 8], most: float) -> None:
    """Models.md section 10 measured 8.1 % and .54 % of the root mean square."""
    weights = _weights(1, 3, 64, 256)
    packed = pack(weights, bits)
    lost = np.sqrt(np.mean((unpack(packed) - weights) ** 2) / np.mean(weights**2))
    assert packed.bits == bits
    assert packed.words.nbytes == weights.size * bits // 8
    assert lost < most


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("value", [0.0, 0.25, -3.0])
def test_a_group_of_one_value_comes_back(bits: Literal[4, 8], value: float) -> None:
    weights = np.full((2, GROUP), value, np.float32)
    assert np.abs(unpack(pack(weights, bits)) - weights).max() < 1e-3


def test_packing_twice_changes_nothing_more() -> None:
    once = unpack(pack(_weights(2, 16, 64), 8))
    assert np.abs(unpack(pack(once, 8)) - once).max() < 2e-4


@pytest.mark.mlx
@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("shape", [(1, 32), (7, 256), (8, 5, 96)])
def test_mlx_unpacks_to_the_same_bits(bits: Literal[4, 8], shape: tuple[int, ...]) -> None:
    mx = pytest.importorskip("mlx.core")
    packed = pack(_weights(3, *shape), bits)
    told = mx.dequantize(
        mx.array(packed.words),
        mx.array(packed.scales).astype(mx.float32),
        mx.array(packed.biases).astype(mx.float32),
        group_size=GROUP,
        bits=bits,
    )
    assert (np.array(told) == unpack(packed)).all()


@pytest.mark.mlx
@pytest.mark.parametrize("bits", [4, 8])
def test_what_mlx_packs_is_unpacked_here(bits: Literal[4, 8]) -> None:
    mx = pytest.importorskip("mlx.core")
    words, scales, biases = mx.quantize(
        mx.array(_weights(4, 9, 128).astype(np.float16)), group_size=GROUP, bits=bits
    )
    packed = Packed(np.array(words), np.array(scales), np.array(biases))
    wide = [part.astype(mx.float32) for part in (scales, biases)]
    told = mx.dequantize(words, *wide, group_size=GROUP, bits=bits)
    assert (unpack(packed) == np.array(told)).all()


def test_the_shipped_preset_stores_its_bulk_in_few_bits() -> None:
    kinds = storages(NANO)
    assert kinds["latent.0.experts.up"] == "4-bit"
    assert kinds["embed.tables"] == "8-bit"
    assert kinds["head.weight"] == "float16"
    assert kinds["latent.0.mixer.spike.threshold"] == "float32"


@pytest.mark.mlx
def test_a_model_written_as_gguf_reads_back(tmp_path: Path, checkpoint: Any) -> None:
    pytest.importorskip("mlx.core")
    from selfd_models import gguf

    gguf.write(checkpoint, tmp_path / "tiny.gguf")
    arrays, metadata = gguf.read(tmp_path / "tiny.gguf")
    assert arrays.keys() == checkpoint.parameters.keys()
    for name, value in checkpoint.parameters.items():
        assert (arrays[name] == value.astype(np.float16)).all(), name
    assert metadata["general.name"] == "tiny"
    assert metadata["selfd.patcher_threshold"] == str(checkpoint.patcher.threshold)
