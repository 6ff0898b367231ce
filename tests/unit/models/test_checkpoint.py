"""One file for a trained model: it comes back whole, or it is refused and says why."""

import json
import struct
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint, export, load, save
from selfd_models.config import NANO, TINY
from selfd_models.errors import CheckpointError
from selfd_models.patcher import Patcher
from selfd_models.quantise import storages
from selfd_models.training import state

Tree = Mapping[str, NDArray[np.float32]]


@pytest.fixture
def path(tmp_path: Path, parameters: Tree, patcher: Patcher) -> Path:
    path = tmp_path / "tiny.safetensors"
    save(path, parameters, patcher, TINY, {"steps": 7})
    return path


def test_a_checkpoint_comes_back(path: Path, parameters: Tree, patcher: Patcher) -> None:
    got = load(path, TINY)
    assert got.config == TINY
    assert got.provenance == {"steps": 7}
    assert got.patcher.threshold == patcher.threshold
    assert (got.patcher.quads == patcher.quads).all()
    assert list(got.parameters) == list(parameters)
    bounds = {"4-bit": 0.2, "8-bit": 0.02, "float16": 1e-3, "float32": 0.0}
    for name, kind in storages(TINY).items():
        lost = np.abs(got.parameters[name] - parameters[name]).max()
        assert lost <= bounds[kind] * max(1.0, np.abs(parameters[name]).max()), name


def test_the_same_weights_have_the_same_fingerprint(
    tmp_path: Path, parameters: Tree, patcher: Patcher
) -> None:
    once = save(tmp_path / "a", parameters, patcher, TINY, {})
    again = save(tmp_path / "b", parameters, patcher, TINY, {})
    other = save(tmp_path / "c", parameters, replace(patcher, threshold=3), TINY, {})
    assert once == again == load(tmp_path / "a").fingerprint
    assert other != once


def test_no_file_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*gone"):
        load(tmp_path / "gone")


@pytest.mark.parametrize("left", [0, 5, 200, 20_000])
def test_a_file_cut_short_is_refused(path: Path, left: int) -> None:
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(CheckpointError, match="is cut short or no checkpoint"):
        load(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_one_changed_byte_among_the_weights_is_refused(path: Path, share: float) -> None:
    data = bytearray(path.read_bytes())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    data[start + int((len(data) - start) * share)] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        load(path)


@pytest.mark.parametrize("field", ["threshold", "config", "provenance", "sha256"])
def test_a_changed_header_is_refused(path: Path, field: str) -> None:
    header, rest = _header(path)
    header["__metadata__"][field] = header["__metadata__"][field].replace("7", "8") + " "
    _write(path, header, rest)
    with pytest.raises(CheckpointError, match="was changed after it was written"):
        load(path)


def test_another_preset_is_refused(path: Path) -> None:
    with pytest.raises(CheckpointError, match="is of 'tiny', not of 'nano'"):
        load(path, NANO)


def test_a_file_of_another_version_is_refused(path: Path) -> None:
    header, rest = _header(path)
    header["__metadata__"]["format"] = "selfd-byte-hybrid-9"
    _write(path, header, rest)
    with pytest.raises(CheckpointError, match="has format 'selfd-byte-hybrid-9'"):
        load(path)


def test_weights_of_another_size_are_refused(
    path: Path, parameters: Tree, patcher: Patcher
) -> None:
    wrong = dict(parameters) | {"head.gain": np.ones(3, np.float32)}
    save(path, wrong, patcher, TINY, {})
    with pytest.raises(CheckpointError, match=r"head\.gain is \(3,\), not \(48,\)"):
        load(path)


def test_a_run_without_a_state_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no training state in"):
        export(tmp_path, tmp_path / "out")


def test_a_training_state_exports_its_average(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parameters: Tree, patcher: Patcher
) -> None:
    monkeypatch.setattr("selfd_models.config.PRESETS", {"tiny": TINY})
    average = {name: value + np.float32(0.5) for name, value in parameters.items()}
    moments: dict[str, Any] = {"first": average, "second": average, "average": average}
    cooled = tmp_path / "cooled"
    cooled.mkdir()
    state.save_patcher(tmp_path, patcher)
    state.save(cooled, state.TrainingState(dict(parameters), moments, step=3, bytes=99), TINY)
    told = export(cooled, tmp_path / "out")
    got: Checkpoint = load(tmp_path / "out", TINY)
    assert got.provenance == {"preset": "tiny", "steps": 3, "bytes": 99}
    assert (got.parameters["head.gain"] == average["head.gain"]).all()
    assert got.fingerprint in told


def _header(path: Path) -> tuple[dict[str, Any], bytes]:
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def _write(path: Path, header: dict[str, Any], rest: bytes) -> None:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + rest)
