"""What installers are given: the Homebrew formula, and completion in three shells."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FILL = ROOT / "packaging" / "homebrew" / "fill.py"
SELFD = Path(sys.executable).with_name("selfd")
ASKED = {
    "bash": {"COMP_WORDS": "selfd feeds a", "COMP_CWORD": "2"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "selfd feeds a"},
    "fish": {"_TYPER_COMPLETE_ARGS": "selfd feeds a", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.fixture(scope="module")
def fill() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fill", FILL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "selfd-1.2.3.tar.gz"
    path.write_bytes(b"an archive")
    return path


def test_the_formula_names_the_release_and_its_hash(fill: ModuleType, archive: Path) -> None:
    text = fill.formula(archive, "https://example.org/files/selfd-1.2.3.tar.gz")
    assert 'url "https://example.org/files/selfd-1.2.3.tar.gz"' in text
    assert f'sha256 "{hashlib.sha256(b"an archive").hexdigest()}"' in text
    assert not re.search(r"@[A-Z]+\d*@", text)
    assert text.startswith("class Selfd < Formula\n")


def test_the_formula_is_ruby(fill: ModuleType, archive: Path) -> None:
    ruby = shutil.which("ruby")
    if ruby is None:
        pytest.skip("there is no ruby to read it")
    text = fill.formula(archive, "https://example.org/selfd-1.2.3.tar.gz")
    done = subprocess.run([ruby, "-c"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "Syntax OK\n"), done.stderr


@pytest.mark.parametrize(
    "url", ["http://example.org/selfd-1.2.3.tar.gz", "https://example.org/selfd-1.2.2.tar.gz"]
)
def test_an_address_that_is_not_the_archives_is_refused(
    fill: ModuleType, archive: Path, url: str
) -> None:
    with pytest.raises(ValueError, match=re.escape("is no https address of selfd-1.2.3.tar.gz")):
        fill.formula(archive, url)


@pytest.mark.parametrize("shell", ASKED)
def test_commands_complete_in(shell: str) -> None:
    asked = {**os.environ, "_SELFD_COMPLETE": f"complete_{shell}", **ASKED[shell]}
    done = subprocess.run([SELFD], env=asked, capture_output=True, text=True, check=True)
    assert "add" in done.stdout


@pytest.mark.parametrize("shell", ASKED)
def test_the_script_for_completion_is_printed_for(shell: str) -> None:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = subprocess.run(
        [SELFD, "--show-completion", shell],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_SELFD_COMPLETE=complete_" + shell in done.stdout


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh here")
def test_zsh_completes_at_the_first_tab(tmp_path: Path) -> None:
    """zsh in a terminal of its own, into which a Tab is typed."""
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    show = [str(SELFD), "--show-completion", "zsh"]
    script = subprocess.run(show, env=environment, capture_output=True, check=True).stdout
    (tmp_path / "_selfd").write_bytes(script)
    (tmp_path / "try").write_text(f"""
        zmodload zsh/zpty
        zpty shell zsh --no-rcs -i
        zpty -w shell 'PS1=; path=({Path(SELFD).parent} $path); fpath=({tmp_path} $fpath)'
        zpty -w shell 'autoload -Uz compinit; compinit -u -D; echo re""ady'
        zpty -r -m shell out '*ready*'
        zpty -w shell $'selfd --versi\\t'
        zpty -r -m shell out '*selfd [0-9]*' && echo completed
    """)
    done = subprocess.run(
        ["zsh", str(tmp_path / "try")], capture_output=True, text=True, check=False, timeout=60
    )
    assert "completed" in done.stdout, done.stdout + done.stderr


def test_python_3_11_gets_no_qt_that_ends_it() -> None:
    """PySide6 6.12 gives a reference to True away at each emit, which ends Python 3.11."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    extras = pyproject["project"]["optional-dependencies"]
    pins = (ROOT / "requirements" / "dev.txt").read_text("utf-8")
    pinned = re.findall(r"^pyside6-essentials==.+?(?= \\$)", pins, re.MULTILINE)
    asked = [text for name in ("menubar", "dev") for text in extras[name] if "PySide6" in text]
    for text in [*asked, *pinned]:
        wanted = Requirement(text)
        here = {"python_version": "3.11", "python_full_version": "3.11.9"}
        if wanted.marker is None or wanted.marker.evaluate({**here, "platform_machine": "x86_64"}):
            assert not wanted.specifier.contains("6.12.0"), text
    assert (len(asked), len(pinned)) == (4, 2)
