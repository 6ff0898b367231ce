"""What the build does with and without a C compiler."""

import ctypes
import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]

needs_a_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    path = ROOT / "packaging" / "build_kernels.py"
    spec = importlib.util.spec_from_file_location("build_kernels", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def source(hook: ModuleType, tmp_path: Path) -> Path:
    """Give a checkout that holds the source alone."""
    copy: Path = tmp_path / hook.FOLDER
    wanted = shutil.ignore_patterns("*.so", "__pycache__")
    shutil.copytree(ROOT / hook.FOLDER, copy, ignore=wanted)
    return copy / "kernels.c"


@needs_a_compiler
def test_the_library_says_which_source_it_was_made_of(
    hook: ModuleType, source: Path, tmp_path: Path
) -> None:
    assert not hook.compile_kernels(tmp_path)
    library = ctypes.PyDLL(str(source.with_suffix(".so")))
    told = ctypes.c_char_p.in_dll(library, "selfd_source").value
    assert told
    assert len(told) == 64
    assert {path.name for path in source.parent.glob("kernels*")} == {"kernels.c", "kernels.so"}


@needs_a_compiler
def test_a_source_that_does_not_compile_leaves_no_old_library(
    hook: ModuleType, source: Path, tmp_path: Path
) -> None:
    hook.compile_kernels(tmp_path)
    source.write_text("int broken(")
    assert "error" in hook.compile_kernels(tmp_path)
    assert not source.with_suffix(".so").exists()


def test_without_a_compiler_the_wheel_is_built_all_the_same(
    hook: ModuleType, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -O2")
    assert hook.compile_kernels(tmp_path) == "no C compiler 'no-such-compiler'"
    assert not source.with_suffix(".so").exists()
