"""A system OpenBLAS in front of MLX's own BLAS on Linux, which has no fast kernels for x86.

The dynamic linker reads LD_PRELOAD when a process starts, so this is for whoever starts one.
"""

import ctypes.util
import os
import sys
from collections.abc import Mapping

LIBRARY = "openblas"


def preload(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Give what to add to a training process's environment; nothing where it would not help."""
    already = environment.get("LD_PRELOAD", "")
    if not sys.platform.startswith("linux") or LIBRARY in already:
        return {}
    found = ctypes.util.find_library(LIBRARY)
    if found is None:
        return {}
    return {"LD_PRELOAD": f"{found}:{already}" if already else found}


def describe(environment: Mapping[str, str] = os.environ) -> str | None:
    """Say which BLAS an MLX process on Linux uses; None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    if LIBRARY in environment.get("LD_PRELOAD", ""):
        return f"OpenBLAS stands in front of MLX's own BLAS ({environment['LD_PRELOAD']})"
    return "MLX uses its own BLAS, which is slow on Linux: install libopenblas0 to train faster"
