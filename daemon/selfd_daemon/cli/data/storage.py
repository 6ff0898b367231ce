"""storage: what selfd keeps, and what tends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, print_json, say, table
from selfd_daemon.cli.terminal.progress import finish
from selfd_daemon.cli.terminal.text import size

app = typer.Typer(name="storage", invoke_without_command=True)

_LARGEST_PARTS = 6


@app.callback()
def storage(context: typer.Context, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Show what is kept, measured from the files, or tend it: compress, verify."""
    if context.invoked_subcommand:
        return
    report = Client.find(data_dir).send("storage")
    if json:
        print_json(report)
        return
    raw, stored = report["rawBytes"], report["storedBytes"]
    share = f", {stored / raw:.0%} of both" if raw else ""
    table(
        [
            ("memories", f"{report['memoryCount']:,}"),
            ("text", size(raw - report["vectorBytes"])),
            ("vectors", f"{size(report['vectorBytes'])} as float32"),
            ("on disk", f"{size(stored)} with every index{share}"),
        ]
    )
    for tier in report["tiers"]:
        held = f"{tier['rows']:,} rows, {size(tier['rawBytes'])} in {size(tier['storedBytes'])}"
        say((f"  {tier['name']}, {tier['codec']}: ", DIM), held)
    for part in report["parts"][:_LARGEST_PARTS]:
        say((f"  {part['file']}, {part['name']}: ", DIM), size(part["bytes"]))


@app.command("compress")
def compress(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Pack what is new, as every night does, and give free space back."""
    job = _done("COMPRESS", "packing", data_dir)
    if json:
        print_json(job)
        return
    found = job["metrics"]
    say(
        f"packed {found['rows']:,} rows: {size(found['bytes_before'])} are "
        f"{size(found['bytes_after'])} now, {size(found['bytes_given_back'])} given back"
    )


@app.command("verify")
def verify(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Unpack every text and compare it with its hash, as every night does."""
    job = _done("VERIFY", "checking", data_dir)
    found = job["metrics"]
    if json:
        print_json(job)
    elif not found["damaged"] and not found["structure"]:
        say(f"{found['rows']:,} rows are as they were written")
    if found["damaged"] or found["structure"]:
        named = ", ".join([*found["damaged"], *found["structure"]][:5])
        raise CommandError(f"damaged: {named}; restore a backup with selfd restore")


def _done(kind: str, title: str, data_dir: DataDir) -> Mapping[str, Any]:
    client = Client.find(data_dir)
    return finish(client, client.send("start_job", kind=kind, options={}), title=title)
