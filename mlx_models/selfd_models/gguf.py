"""A checkpoint as GGUF, for other programs: every parameter in float16 under its own name.

GGUF has no 4-bit type of the layout used here, so that the numbers are unpacked. MLX writes and
reads the file; the configuration and the patcher's threshold are in its metadata, as text.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfd_models.checkpoint import Checkpoint
from selfd_models.errors import BackendError, CheckpointError

ARCHITECTURE = "selfd-byte-hybrid"


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Write a model.   Raises: BackendError: MLX is not installed."""
    mx = _mlx()
    arrays = {
        name: mx.array(value.astype(np.float16)) for name, value in checkpoint.parameters.items()
    }
    metadata = {
        "general.architecture": ARCHITECTURE,
        "general.name": checkpoint.config.name,
        "selfd.config": json.dumps(asdict(checkpoint.config)),
        "selfd.patcher_threshold": str(checkpoint.patcher.threshold),
        "selfd.fingerprint": checkpoint.fingerprint,
    }
    mx.save_gguf(str(path), arrays, metadata)


def read(path: Path) -> tuple[dict[str, NDArray[np.float16]], dict[str, str]]:
    """Read a model's arrays and metadata back.   Raises: CheckpointError: it is no such file."""
    mx = _mlx()
    try:
        arrays, metadata = mx.load(str(path), format="gguf", return_metadata=True)
    except (RuntimeError, ValueError, OSError) as error:
        raise CheckpointError(f"{path.name} cannot be read as GGUF: {error}") from error
    if metadata.get("general.architecture") != ARCHITECTURE:
        raise CheckpointError(f"{path.name} holds no {ARCHITECTURE}")
    return {name: np.array(value) for name, value in arrays.items()}, metadata


def _mlx() -> Any:
    try:
        import mlx.core as mx
    except ImportError as error:
        raise BackendError("mlx is not installed: pip install 'selfd[mlx]'") from error
    return mx
