"""The tree of commands, and what happens around each: errors in one line, the right status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

from selfd_daemon.cli.completion import complete_at_the_first_tab
from selfd_daemon.cli.daemon import jobs, lifecycle, menubar, models, service
from selfd_daemon.cli.data import backups, engrams, portability, storage
from selfd_daemon.cli.memory import chat, conversations, entities, memories, questions
from selfd_daemon.cli.reading import articles, feeds, ingest, stories
from selfd_daemon.cli.self_model import (
    assessment,
    checkpoints,
    description,
    goals,
    journal,
    nights,
    training,
)

app = typer.Typer(
    name="selfd",
    invoke_without_command=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)

_PANELS: dict[str, tuple[typer.Typer | Callable[..., None], ...]] = {
    "The daemon": (
        lifecycle.up, lifecycle.down, lifecycle.status, lifecycle.open_dashboard, lifecycle.doctor,
        lifecycle.settings, service.app, menubar.menubar,
    ),
    "Ask and remember": (
        questions.ask, chat.chat, memories.remember, memories.recall, memories.forget,
        conversations.conversations, questions.feedback, entities.entity,
    ),
    "Read and follow": (
        ingest.ingest, feeds.app, articles.app, stories.stories, stories.trends,
    ),
    "What it knows of itself": (
        description.self_, journal.journal, goals.app, assessment.assess,
    ),
    "What it learns": (
        training.train, nights.nights, checkpoints.checkpoints, checkpoints.rollback,
    ),
    "What it does and keeps": (
        jobs.app, jobs.events, models.app, storage.app, backups.backup, backups.restore,
        engrams.app, portability.export, portability.import_,
    ),
}  # fmt: skip

# Where Python has the name.
_NAMES = {"open_dashboard": "open", "import_": "import", "self_": "self"}

for panel, commands in _PANELS.items():
    for command in commands:
        if isinstance(command, typer.Typer):
            app.add_typer(command, rich_help_panel=panel)
        else:
            name = _NAMES.get(command.__name__)
            app.command(name, rich_help_panel=panel)(command)


_WRONG_USAGE = 2


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"selfd {version('selfd')}")
        raise typer.Exit


@app.callback()
def selfd(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """A private AI daemon: it remembers, follows feeds, and answers with citations."""
    if not context.invoked_subcommand:
        print(context.get_help())


def main() -> None:
    """Run one command and exit with its status."""
    complete_at_the_first_tab()
    try:
        status = app(prog_name="selfd", standalone_mode=False)
    except typer.TyperException as error:
        status = _complain(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on
        status = 0
    sys.exit(status or 0)


def _complain(error: typer.TyperException) -> int:
    """Say in one line what is wrong; wrong usage also says where to look."""
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if error.exit_code == _WRONG_USAGE and context is not None:
        message = f"{_plain(message)} (see {context.command_path} --help)"
    sys.stderr.write(f"selfd: {message}\n")
    return error.exit_code


def _plain(message: str) -> str:
    """Put the parser's complaint into our own form of words."""
    message = message.removeprefix("Invalid value: ").replace("Value error, ", "")
    message = message.replace(". Did you", ": did you").rstrip(".")
    return message[:1].lower() + message[1:]
