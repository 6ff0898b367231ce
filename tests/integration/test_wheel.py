"""The thing that is shipped: built, installed in a clean environment, and tried."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command outside the checkout, without its environment; fail with its output."""
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "SELFD", "VIRTUAL"))
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and its pinned dependencies, nothing else."""
    folder = tmp_path_factory.mktemp("clean")
    venv.create(folder, with_pip=True)
    executable = folder / "bin" / "python"
    pip = (executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements" / "run.txt", cwd=folder)
    run(*pip, "--no-deps", wheel, cwd=folder)
    return executable


def test_the_wheel_holds_the_four_packages_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {"selfd_daemon", "selfd_graphql", "selfd_models", "selfd_storage"} <= tops
    assert not [name for name in names if name.startswith(("tests/", "docs/"))]
    assert [name for name in names if name.endswith(".graphql")]
    assert [name for name in names if name.endswith("/licenses/LICENSE")]
    library = "selfd_models/decoding/compiled/kernels.so" in names
    assert library == ("-none-any" not in wheel.name) == (shutil.which("cc") is not None)


def test_the_installed_command_helps_and_states_its_settings(python: Path, tmp_path: Path) -> None:
    selfd = python.parent / "selfd"
    assert "remember" in run(selfd, "--help", cwd=tmp_path)
    settings = run(selfd, "settings", "--json", "--data-dir", tmp_path / "data", cwd=tmp_path)
    assert json.loads(settings)


def test_the_installed_daemon_remembers_and_answers(python: Path, tmp_path: Path) -> None:
    selfd, data = python.parent / "selfd", tmp_path / "data"
    daemon = subprocess.Popen(
        [selfd, "up", "--port", "0", "--data-dir", data],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert daemon.stdout is not None
        for line in daemon.stdout:
            if "http://127.0.0.1:" in line:
                break
        else:
            pytest.fail("the daemon ended before it printed its address")
        run(
            selfd,
            "remember",
            "Ada keeps the spare key under the blue pot.",
            "--data-dir",
            data,
            cwd=tmp_path,
        )
        answer = run(selfd, "ask", "Where is the spare key?", "--data-dir", data, cwd=tmp_path)
        assert "blue pot" in answer
        run(selfd, "down", "--data-dir", data, cwd=tmp_path)
        assert daemon.wait(timeout=20) == 0
    finally:
        daemon.kill()
        daemon.communicate()
