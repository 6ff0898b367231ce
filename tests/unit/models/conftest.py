"""A tiny model, a patcher counted on invented text, and the backends that are installed."""

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint, load, save
from selfd_models.config import TINY
from selfd_models.ops import ArrayOps
from selfd_models.parameters import initialise, specify
from selfd_models.patcher import Bytes, Patcher, calibrate, count
from support.hybrid import invent, ops_or_skip


@pytest.fixture(scope="session")
def text() -> Bytes:
    """Give 100 kB of invented text."""
    return invent(100_000, seed=1)


@pytest.fixture(scope="session")
def patcher(text: Bytes) -> Patcher:
    """Give a patcher counted on the text."""
    return calibrate(count(text), [text[:20_000]])


@pytest.fixture(scope="session")
def parameters() -> Mapping[str, NDArray[np.float32]]:
    """Give a tiny model in which every part does something: no matrix is zero."""
    rng = np.random.default_rng(2)
    noisy = initialise(TINY, seed=3)
    for name, spec in specify(TINY).items():
        if spec.role in ("matrix", "table"):
            noisy[name] = noisy[name] + rng.normal(0.0, 0.1, spec.shape).astype(np.float32)
    noisy["core.gamma"] = rng.normal(0.0, 0.3, TINY.latent_width).astype(np.float32)
    return noisy


@pytest.fixture(scope="session")
def checkpoint(
    tmp_path_factory: pytest.TempPathFactory,
    parameters: Mapping[str, NDArray[np.float32]],
    patcher: Patcher,
) -> Checkpoint:
    """Give the tiny model as it comes back from a file, in few bits."""
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    save(path, parameters, patcher, TINY, {"steps": 0})
    return load(path)


@pytest.fixture(params=["numpy", "jax", pytest.param("mlx", marks=pytest.mark.mlx)])
def ops(request: pytest.FixtureRequest) -> ArrayOps:
    """Give each backend in turn."""
    return ops_or_skip(request.param)


@pytest.fixture(params=["jax", pytest.param("mlx", marks=pytest.mark.mlx)])
def learning_ops(request: pytest.FixtureRequest) -> ArrayOps:
    """Give each backend that can differentiate, in turn."""
    return ops_or_skip(request.param)
