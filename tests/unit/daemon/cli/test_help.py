"""The tree of commands: all helped, all in the reference, nothing heavy loaded for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer

from selfd_daemon.cli import app
from selfd_daemon.cli.reference import commands, page

ROOT = Path(__file__).parents[4]
COMMANDS = dict(commands(typer.main.get_command(app), "selfd"))
ON_FILES_ALONE = {name for name in COMMANDS if name.split()[1] in ("engram", "restore")}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_each_of_its_options_is_explained(name: str) -> None:
    command: Any = COMMANDS[name]
    assert command.help.endswith(".")
    assert [each.name for each in command.params if not each.help] == []


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - ON_FILES_ALONE))
def test_every_command_takes_the_data_folder(name: str) -> None:
    assert "data_dir" in {each.name for each in COMMANDS[name].params}


def test_the_reference_is_what_the_commands_say() -> None:
    written = (ROOT / "docs" / "reference" / "cli.md").read_text()
    assert written == page(), "run make docs"
