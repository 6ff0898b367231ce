"""A trained model in one safetensors file that every backend reads: weights, patcher, provenance.

A parameter NAME is stored under its own name, or as NAME.words, NAME.scales and NAME.biases (see
`quantise`); matrices lie there as (outputs, inputs), as `mx.quantized_matmul` wants them. The
header holds the configuration, the patcher's threshold, where the weights come from, and the
SHA-256 of all that; a file that was changed is refused.

`python -m selfd_models.checkpoint export STATE FILE` makes one from a training run.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from selfd_models.config import Config, preset
from selfd_models.errors import CheckpointError, ConfigError
from selfd_models.parameters import count, specify
from selfd_models.patcher import Patcher
from selfd_models.quantise import Packed, pack, storages, unpack

FORMAT = "selfd-byte-hybrid-1"
SHIPPED = Path(__file__).parent / "weights" / "nano.safetensors"

Tensors = dict[str, NDArray[Any]]
_PATCHER = ("pairs", "triples", "quads")
_HEADER = ("format", "config", "threshold", "provenance")


@dataclass(frozen=True)
class Checkpoint:
    """A model ready to run.

    parameters: float32 arrays by name. provenance: what the file says of its training.
    fingerprint: the first 16 hex digits of the file's SHA-256. packed: the matrices of 4 bits as
    they lie in the file, (outputs, inputs), for engines that multiply by them as they are.
    """

    config: Config
    parameters: Mapping[str, NDArray[np.float32]]
    patcher: Patcher
    provenance: Mapping[str, Any]
    fingerprint: str
    packed: Mapping[str, Packed] = field(default_factory=dict)


def save(
    path: Path,
    parameters: Mapping[str, NDArray[np.float32]],
    patcher: Patcher,
    config: Config,
    provenance: Mapping[str, Any],
) -> str:
    """Write a checkpoint, whole or not at all; give its fingerprint."""
    tensors: Tensors = {f"patcher.{name}": getattr(patcher, name) for name in _PATCHER}
    for name, kind in storages(config).items():
        weight = np.asarray(parameters[name], np.float32)
        if kind in ("4-bit", "8-bit"):
            turned = (
                np.ascontiguousarray(np.swapaxes(weight, -1, -2)) if kind == "4-bit" else weight
            )
            packed = pack(turned, 4 if kind == "4-bit" else 8)
            tensors |= {f"{name}.{part}": value for part, value in packed._asdict().items()}
        else:
            tensors[name] = np.ascontiguousarray(weight.astype(kind))
    header = {
        "format": FORMAT,
        "config": json.dumps(asdict(config)),
        "threshold": str(patcher.threshold),
        "provenance": json.dumps(dict(provenance)),
    }
    header["sha256"] = _digest(tensors, header)
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, partial, metadata=header)
    partial.chmod(0o644)  # the library writes for the owner alone
    partial.replace(path)
    return header["sha256"][:16]


def load(path: Path, expected: Config | None = None) -> Checkpoint:
    """Read a checkpoint.

    Raises: CheckpointError: it is missing, cut short, changed, of another version of the format, or
        not of the `expected` configuration.
    """
    tensors, header = _read(path)
    config = _config(path, header)
    if expected is not None and config != expected:
        raise CheckpointError(f"{path.name} is of {config.name!r}, not of {expected.name!r}")
    tables = {name: tensors[f"patcher.{name}"] for name in _PATCHER}
    patcher = Patcher(**tables, threshold=int(header["threshold"]))
    parameters, packed = _parameters(path, tensors, config)
    provenance, fingerprint = json.loads(header["provenance"]), header["sha256"][:16]
    return Checkpoint(config, parameters, patcher, provenance, fingerprint, packed)


def _read(path: Path) -> tuple[Tensors, dict[str, str]]:
    try:
        with safe_open(path, framework="np") as opened:
            header = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except FileNotFoundError as error:
        raise CheckpointError(f"no checkpoint at {path}: install selfd again") from error
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name} is cut short or no checkpoint ({error}): install selfd again"
        ) from error
    if header.get("format") != FORMAT:
        raise CheckpointError(
            f"{path.name} has format {header.get('format')!r}, this selfd reads {FORMAT!r}"
        )
    missing = [name for name in (*_HEADER, "sha256") if name not in header]
    if missing or _digest(tensors, header) != header["sha256"]:
        raise CheckpointError(
            f"{path.name} was changed after it was written: its SHA-256 does not match; "
            "install selfd again"
        )
    return tensors, header


def _digest(tensors: Tensors, header: Mapping[str, str]) -> str:
    """Hash the header, and the names, types, shapes and bytes of the arrays."""
    digest = hashlib.sha256()
    for name in _HEADER:
        digest.update(f"{name} {header[name]}\n".encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()


def _config(path: Path, header: Mapping[str, str]) -> Config:
    values = json.loads(header["config"])
    try:
        return Config(**(values | {"core": tuple(values["core"])}))
    except (TypeError, KeyError, ConfigError) as error:
        raise CheckpointError(
            f"{path.name} has a configuration unknown to this selfd ({error}): upgrade selfd"
        ) from error


def _parameters(
    path: Path, tensors: Tensors, config: Config
) -> tuple[dict[str, NDArray[np.float32]], dict[str, Packed]]:
    """Give every parameter in float32, and those of 4 bits as they are, too."""
    parameters, packed = {}, {}
    kinds = storages(config)
    for name, spec in specify(config).items():
        stored = [f"{name}.{part}" for part in Packed._fields]
        if all(part in tensors for part in stored):
            held = Packed(*(tensors[part] for part in stored))
            value = unpack(held)
            if kinds[name] == "4-bit":
                value, packed[name] = np.swapaxes(value, -1, -2), held
        elif name in tensors:
            value = tensors[name].astype(np.float32)
        else:
            raise CheckpointError(f"{path.name} is of another model: it has no {name}")
        if value.shape != spec.shape:
            raise CheckpointError(
                f"{path.name} is of another model: {name} is {value.shape}, not {spec.shape}"
            )
        parameters[name] = np.ascontiguousarray(value)
    return parameters, packed


def export(folder: Path, path: Path) -> str:
    """Write the running average of a training run's newest state; tell what was written.

    The patcher is looked for in the folder and, for a cooled copy of a run, in the one above.
    """
    from selfd_models.training import state

    found = state.checkpoints(folder)
    if not found:
        raise CheckpointError(f"no training state in {folder}")
    with safe_open(found[-1], framework="np") as opened:
        config = preset(json.loads(opened.metadata()["state"])["preset"])
    trained = state.load(folder, config)
    beside = folder if (folder / "patcher.safetensors").exists() else folder.parent
    provenance = {"preset": config.name, "steps": trained.step, "bytes": trained.bytes}
    fingerprint = save(
        path, trained.moments["average"], state.load_patcher(beside), config, provenance
    )
    return (
        f"{path}: {path.stat().st_size / 1e6:.2f} MB, {count(config):,} parameters, "
        f"{trained.step} steps, {trained.bytes / 1e6:.1f} MB read, {fingerprint}"
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="selfd_models.checkpoint", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("export", help="make a checkpoint from a training run")
    command.add_argument("state", type=Path, help="folder of the training run")
    command.add_argument("file", type=Path, nargs="?", default=SHIPPED)
    given = parser.parse_args()
    sys.stdout.write(export(given.state, given.file) + "\n")


if __name__ == "__main__":
    main()
