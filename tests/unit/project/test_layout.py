"""The shape of the checkout: source roots, doors, what an import costs."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = {
    "daemon": "selfd_daemon",
    "graphql": "selfd_graphql",
    "mlx_models": "selfd_models",
    "storage": "selfd_storage",
}
HEAVY = {"numpy", "strawberry", "uvicorn", "httpx2", "mlx", "jax", "aiosqlite", "feedparser"}


@pytest.mark.parametrize("folder", PACKAGES)
def test_no_module_lies_directly_in_a_source_root(folder: str) -> None:
    """A graphql/__init__.py would shadow graphql-core for every process started here."""
    assert list((ROOT / folder).glob("*.py")) == []


@pytest.mark.parametrize(("folder", "package"), PACKAGES.items())
def test_each_package_is_typed_and_documented(folder: str, package: str) -> None:
    assert (ROOT / folder / package / "py.typed").exists()
    assert importlib.import_module(package).__doc__


@pytest.mark.parametrize("package", PACKAGES.values())
def test_a_door_names_what_is_there_in_order(package: str) -> None:
    module = importlib.import_module(package)
    names = list(getattr(module, "__all__", []))
    assert names == sorted(names)
    assert [name for name in names if not hasattr(module, name)] == []


def test_help_loads_nothing_heavy() -> None:
    """`selfd --help` answers at once, so nothing heavy may be imported for it."""
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from selfd_daemon.cli import app\n"
        "result = CliRunner().invoke(app, ['--help'])\n"
        "assert result.exit_code == 0, result.output\n"
        "print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(done.stdout.split()) == set()


def test_the_changelog_starts_with_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = [
        line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")
    ]
    assert headings[0].startswith(f"## {version}")


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_pins_carry_hashes_and_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    pins = [line for line in text.splitlines() if "==" in line and not line.startswith("#")]
    assert len(pins) > 30
    assert all(line.endswith("\\") for line in pins)
    assert "://" not in text
