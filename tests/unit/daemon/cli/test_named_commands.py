"""The commands that messages and pages tell people to type are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from selfd_daemon.cli import app

ROOT = Path(__file__).parents[4]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = [
    path
    for folder in ("daemon", "graphql", "mlx_models", "storage")
    for path in sorted((ROOT / folder).rglob("*.py"))
]
TYPED = re.compile(r"(?:`|^\$ )selfd ([a-z][a-z-]*)", re.MULTILINE)
TOLD = re.compile(r"[\w)}'\"]: selfd ([a-z][a-z-]*)")  # "no such job: selfd jobs lists them"
PROSE = {"ended", "in", "needs", "set", "writes"}  # "given up: selfd ended 3 times"


@pytest.mark.parametrize(
    ("paths", "pattern"), [(PAGES, TYPED), (CODE, TOLD)], ids=["pages", "code"]
)
def test_every_command_that_is_told_of_is_there(
    paths: list[Path], pattern: re.Pattern[str]
) -> None:
    known = set(getattr(typer.main.get_command(app), "commands", {}))
    told = {
        (name, str(path.relative_to(ROOT)))
        for path in paths
        for name in pattern.findall(path.read_text(encoding="utf-8"))
    }
    assert len(told) > 20, "the pattern finds what it is for"
    assert {(name, path) for name, path in told if name not in known | PROSE} == set()
