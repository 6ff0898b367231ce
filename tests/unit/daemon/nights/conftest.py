"""A tiny model that stands for the one that ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_daemon.nights.generations.lineage import Lineage
from selfd_models.checkpoint import save
from selfd_models.config import TINY
from selfd_models.parameters import initialise
from selfd_models.patcher import calibrate, count
from selfd_storage import Store
from support.hybrid import invent


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a tiny model."""
    text = invent(100_000, seed=1)
    patcher = calibrate(count(text), [text[:20_000]])
    path = tmp_path_factory.mktemp("shipped") / "tiny.safetensors"
    save(path, initialise(TINY, seed=3), patcher, TINY, {"steps": 0})
    return path


@pytest.fixture
def candidates(tmp_path: Path, shipped: Path) -> list[Path]:
    """Give three candidates, each its own weights."""
    text = invent(100_000, seed=1)
    patcher = calibrate(count(text), [text[:20_000]])
    paths = []
    for number in range(3):
        weights = initialise(TINY, seed=10 + number)
        path = tmp_path / f"candidate{number}.safetensors"
        save(path, weights, patcher, TINY, {"steps": number})
        paths.append(path)
    return paths


@pytest.fixture
def lineage(store: Store, tmp_path: Path, shipped: Path) -> Lineage:
    return Lineage(store, tmp_path / "checkpoints", shipped)
