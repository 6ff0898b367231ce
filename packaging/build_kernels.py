"""Compile the kernels while a wheel is built, where a C compiler is; without one the wheel is pure.

On x86 the library holds a form for each width of vectors. An editable install compiles into the
source folder. The library's platform is in the wheel's name; it needs neither Python's headers nor
a certain Python: it is loaded with ctypes.
"""

import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("mlx_models", "selfd_models", "decoding", "compiled")
# Sums are contracted to fused multiply-adds, where the processor has them; nothing is reordered.
FLAGS = (
    *("-std=gnu11", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-strict-aliasing"),
    *("-fPIC", "-fvisibility=hidden", "-Wno-psabi", "-Wno-unknown-warning-option"),
)


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

            build_data["artifacts"].append(str(FOLDER / "kernels.so"))
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{next(sys_tags()).platform}"


def compile_kernels(root: Path) -> str:
    """Make the library beside its source, whole or not at all.   Returns: why not, or nothing."""
    compiler = shlex.split(os.environ.get("CC", "cc"))
    if not shutil.which(compiler[0]):
        return f"no C compiler {compiler[0]!r}"
    folder = root / FOLDER
    described = _library(folder)
    library = folder / described.NAME
    with tempfile.TemporaryDirectory(dir=folder) as name:
        made = Path(name)
        told = f'-DSOURCE="{described.digest(folder)}"'
        jobs = [["-c", "forms.c", told, "-o", str(made / "forms.o")]]
        for form, flags in described.FORMS.get(platform.machine(), described.ONE_FORM).items():
            target = str(made / f"{form}.o")
            jobs.append(["-c", "kernels.c", *flags, f"-DFORM={form}", "-o", target])
        objects = [job[-1] for job in jobs]
        jobs.append(["-shared", *objects, "-o", str(made / library.name), "-lm"])
        for job in jobs:
            command = [*compiler, *FLAGS, *job]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                library.unlink(missing_ok=True)
                return done.stderr.strip() or f"{compiler[0]} ended with {done.returncode}"
        (made / library.name).replace(library)
    return ""


def _library(folder: Path) -> ModuleType:
    """Read library.py, which needs nothing that is not there yet."""
    spec = importlib.util.spec_from_file_location("library", folder / "library.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
