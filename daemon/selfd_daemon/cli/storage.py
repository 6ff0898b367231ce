"""storage, backup, models: what selfd keeps and runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.options import AsJson, DataDir
from selfd_daemon.cli.output import BOLD, DIM, LINK, note, print_json, say, table
from selfd_daemon.cli.text import plural, short_path, size, span

models = typer.Typer(name="models", invoke_without_command=True)


def storage(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Show what the memories take, measured from the files."""
    report = Client.find(data_dir).send("storage")
    if json:
        print_json(report)
        return
    if not report["memoryCount"]:
        note("nothing is stored yet")
        return
    say((plural(report["memoryCount"], "memory"), BOLD))
    table(
        [
            ("uncompressed", size(report["rawBytes"])),
            ("on disk", f"{size(report['storedBytes'])} with every index"),
            ("saved", f"{report['saved']:.0%}"),
        ]
    )
    for tier in report["tiers"]:
        held = f"{tier['rows']:,} rows, {size(tier['rawBytes'])} in {size(tier['storedBytes'])}"
        say((f"  {tier['name']}", LINK), f"  {held}", (f"  {tier['codec']}", DIM))


def backup(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write; it may not exist yet.")
    ],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Write a verified copy of everything that selfd keeps."""
    client = Client.find(data_dir)
    report = client.send("backup", path=str(path.expanduser().absolute()))
    if json:
        print_json(report)
        return
    checked = "opened and checked" if report["verified"] else "NOT verified"
    say(
        (short_path(report["path"]), LINK),
        f"  {size(report['bytes'])} in {span(report['seconds'])}, {checked}",
    )


@models.callback()
def _models(context: typer.Context, data_dir: DataDir = None, json: AsJson = False) -> None:
    """See the models that can answer."""
    if not context.invoked_subcommand:
        list_models(data_dir, json)


@models.command("list")
def list_models(data_dir: DataDir = None, json: AsJson = False) -> None:
    """List the models that can answer."""
    minds = Client.find(data_dir).send("minds")
    if json:
        print_json(minds)
        return
    for mind in minds:
        chosen = ", default" if mind["isDefault"] else ""
        loaded = "loaded" if mind["loaded"] else "not loaded"
        say(
            (mind["id"], LINK),
            f"  {mind['name']} ({mind['model']})  {mind['kind'].lower()}, {loaded}{chosen}",
        )
