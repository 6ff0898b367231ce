"""What this machine can train with."""

from __future__ import annotations

import importlib.util
import platform
import sys
from typing import Literal

from selfd_daemon.nights.errors import TrainingError


def training_backend() -> Literal["jax", "mlx"]:
    """Choose what to train with: Metal on a Mac; elsewhere JAX, which compiles, before MLX.

    Raises:
        TrainingError: neither is installed.
    """
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    order: tuple[Literal["jax", "mlx"], ...] = ("mlx", "jax") if apple else ("jax", "mlx")
    for name in order:
        if importlib.util.find_spec(name) is not None:
            return name
    raise TrainingError("cannot train here: it needs the mlx extra (pip install 'selfd[mlx]')")
