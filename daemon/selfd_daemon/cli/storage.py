"""storage, models: what selfd keeps and runs on."""

from __future__ import annotations

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.options import AsJson, DataDir
from selfd_daemon.cli.output import DIM, LINK, print_json, say, table
from selfd_daemon.cli.text import size

models = typer.Typer(name="models", invoke_without_command=True)


def storage(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Show what the texts take, measured from the files."""
    report = Client.find(data_dir).send("storage")
    if json:
        print_json(report)
        return
    raw, stored = report["rawBytes"], report["storedBytes"]
    share = f", {stored / raw:.0%} of it" if raw else ""
    table(
        [
            ("memories", f"{report['memoryCount']:,}"),
            ("text", size(raw)),
            ("on disk", f"{size(stored)} with every index{share}"),
        ]
    )
    for tier in report["tiers"]:
        held = f"{tier['rows']:,} rows, {size(tier['rawBytes'])} in {size(tier['storedBytes'])}"
        say((f"  {tier['name']}, {tier['codec']}: ", DIM), held)


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
