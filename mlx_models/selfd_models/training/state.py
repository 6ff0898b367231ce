"""A training run on disk: one file per checkpoint, written whole or not at all.

`state-STEP.safetensors` holds the parameters, the optimiser's moments and the running average;
its header holds the step, the corpus cursor and the preset. The two newest are kept.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from selfd_models.config import Config
from selfd_models.errors import ResumeError
from selfd_models.parameters import specify
from selfd_models.patcher import Patcher
from selfd_models.training.data.corpus import Cursor

Tree = dict[str, NDArray[np.float32]]
_GROUPS = ("parameters", "first", "second", "average")
KEPT = 2


@dataclass
class TrainingState:
    """Everything a run needs to go on exactly as if it had not stopped."""

    parameters: Tree
    moments: dict[str, Tree]  # first, second, average
    step: int = 0
    bytes: int = 0
    seconds: float = 0.0
    cursor: Cursor = field(default_factory=dict)


def save(folder: Path, state: TrainingState, config: Config) -> Path:
    """Write a checkpoint beside the others, flush it, and drop all but the newest two."""
    trees = {"parameters": state.parameters, **state.moments}
    flat = {
        f"{group}/{name}": np.ascontiguousarray(value)
        for group, tree in trees.items()
        for name, value in tree.items()
    }
    header = {
        "preset": config.name,
        "step": state.step,
        "bytes": state.bytes,
        "seconds": state.seconds,
        "cursor": state.cursor,
    }
    path = folder / f"state-{state.step:08d}.safetensors"
    partial = path.with_suffix(".partial")
    save_file(flat, partial, metadata={"state": json.dumps(header)})
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(path)
    for old in checkpoints(folder)[:-KEPT]:
        old.unlink()
    return path


def checkpoints(folder: Path) -> list[Path]:
    """List a run's checkpoints, oldest first."""
    return sorted(folder.glob("state-*.safetensors"))


def load(folder: Path, config: Config) -> TrainingState:
    """Read a run's newest checkpoint.

    Raises: ResumeError: there is none, it is damaged, or it belongs to another preset.
    """
    found = checkpoints(folder)
    if not found:
        raise ResumeError(f"no checkpoint in {folder}: start without --resume")
    try:
        with safe_open(found[-1], framework="np") as opened:
            header: dict[str, Any] = json.loads(opened.metadata()["state"])
            flat = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise ResumeError(
            f"{found[-1].name} is damaged: delete it to use the one before"
        ) from error
    if header["preset"] != config.name:
        raise ResumeError(f"{found[-1].name} is of {header['preset']}, not of {config.name}")
    trees: dict[str, Tree] = {group: {} for group in _GROUPS}
    for name, value in flat.items():
        group, _, parameter = name.partition("/")
        trees[group][parameter] = value
    _check(trees, config, found[-1])
    return TrainingState(
        parameters=trees.pop("parameters"),
        moments=trees,
        step=header["step"],
        bytes=header["bytes"],
        seconds=header["seconds"],
        cursor=header["cursor"],
    )


def _check(trees: Mapping[str, Tree], config: Config, path: Path) -> None:
    for tree in trees.values():
        for name, spec in specify(config).items():
            if name not in tree or tree[name].shape != spec.shape:
                raise ResumeError(f"{path.name} does not fit {config.name}: see {name}")


def save_patcher(folder: Path, patcher: Patcher) -> None:
    """Write a run's patcher, which stays the same for the life of the run."""
    tables: dict[str, NDArray[Any]] = {
        "pairs": patcher.pairs,
        "triples": patcher.triples,
        "quads": patcher.quads,
    }
    header = {"threshold": str(patcher.threshold)}
    save_file(tables, folder / "patcher.safetensors", metadata=header)


def load_patcher(folder: Path) -> Patcher:
    """Read a run's patcher.   Raises: ResumeError: it is missing or damaged."""
    path = folder / "patcher.safetensors"
    try:
        with safe_open(path, framework="np") as opened:
            return Patcher(
                pairs=opened.get_tensor("pairs"),
                triples=opened.get_tensor("triples"),
                quads=opened.get_tensor("quads"),
                threshold=int(opened.metadata()["threshold"]),
            )
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise ResumeError(f"no readable patcher in {folder}") from error
