"""Compile kernels.c while a wheel is built, where a C compiler is; without one the wheel is pure.

An editable install compiles into the source folder. The library's platform is in the wheel's name;
it needs neither Python's headers nor a certain Python: it is loaded with ctypes.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("mlx_models", "selfd_models", "decoding", "kernels.c")
LIBRARY = SOURCE.with_suffix(".so")
# Sums are contracted to fused multiply-adds, where the processor has them; nothing is reordered.
FLAGS = ("-std=gnu11", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fPIC", "-shared")
QUIET = ("-fvisibility=hidden", "-Wno-psabi", "-Wno-unknown-warning-option")


class KernelsHook(BuildHookInterface[Any]):
    """Hatchling calls `initialize` before it collects files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile; put the library into the wheel and its platform into the wheel's name."""
        trouble = compile_kernels(Path(self.root))
        if trouble:
            self.app.display_warning(f"without compiled kernels (text comes slower): {trouble}")
            return
        if version == "standard":
            from packaging.tags import sys_tags

            build_data["artifacts"].append(str(LIBRARY))
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{next(sys_tags()).platform}"


def compile_kernels(root: Path) -> str:
    """Make the library beside its source, whole or not at all.   Returns: why not, or nothing."""
    command = shlex.split(os.environ.get("CC", "cc"))
    if not shutil.which(command[0]):
        return f"no C compiler {command[0]!r}"
    source, library = root / SOURCE, root / LIBRARY
    told = f'-DSOURCE="{hashlib.sha256(source.read_bytes()).hexdigest()}"'
    partial = library.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        [*command, *FLAGS, *QUIET, told, str(source), "-o", str(partial), "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        library.unlink(missing_ok=True)
        return done.stderr.strip() or f"{command[0]} ended with {done.returncode}"
    partial.replace(library)
    return ""
