"""models: which models answer, what this machine can run, and how fast each is here."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, GOOD, LINK, note, print_json, say
from selfd_daemon.cli.terminal.progress import INTERRUPTED, progress_bar
from selfd_daemon.cli.terminal.text import duration, size

app = typer.Typer(name="models", invoke_without_command=True)


class MindKindName(StrEnum):
    """The kinds of mind that can be added, as they are typed."""

    MLX = "mlx"
    HTTP = "http"
    ENSEMBLE = "ensemble"


MindId = Annotated[str, typer.Argument(metavar="MIND", help="Its id, as in mind:1.")]


@app.callback()
def models(context: typer.Context, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Choose which models answer: list, add, measure and remove them."""
    if not context.invoked_subcommand:
        list_models(data_dir, json)


@app.command("list")
def list_models(data_dir: DataDir = None, json: AsJson = False) -> None:
    """List the models that can answer, the default one first."""
    minds = Client.find(data_dir).send("minds")
    if json:
        print_json(minds)
        return
    for mind in minds:
        _show(mind)


@app.command("add")
def add(
    kind: Annotated[MindKindName, typer.Argument(help="mlx, http or ensemble.")],
    model: Annotated[
        str,
        typer.Argument(help="A folder, a hub name, a server's URL, or members' ids by commas."),
    ],
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The last part of it, if not this.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="NAME=VALUE", help="As in kv_bits=8; repeatable."),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Add a model; it is loaded when it is asked."""
    options = dict(map(_option, option or []))
    chosen = name or model.rstrip("/").rpartition("/")[2] or model
    mind = Client.find(data_dir).send(
        "add_mind",
        input={"name": chosen, "kind": kind.value.upper(), "model": model, "options": options},
    )
    _told(mind, json)


@app.command("remove")
def remove(mind: MindId, data_dir: DataDir = None) -> None:
    """Let go of a model; its answers stay."""
    if not Client.find(data_dir).send("remove_mind", id=mind):
        raise CommandError(f"there is no mind {mind!r}: see selfd models list")
    note(f"removed {mind}")


@app.command("use")
def use(mind: MindId, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Let a model answer whenever none is named."""
    _told(Client.find(data_dir).send("set_default_mind", id=mind), json)


@app.command("load")
def load(mind: MindId, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Load a model now rather than when it is asked."""
    _told(Client.find(data_dir).send("load_mind", id=mind), json)


@app.command("unload")
def unload(mind: MindId, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Give a model's memory back until it is asked again."""
    _told(Client.find(data_dir).send("unload_mind", id=mind), json)


@app.command("bench")
def bench(mind: MindId, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Measure how fast a model is on this machine, and keep its speed."""
    found = Client.find(data_dir).send("bench_mind", id=mind)
    if json:
        print_json(found)
        return
    say(
        (found["mind"]["id"], LINK),
        f"  {found['bytesPerSecond']:,.0f} bytes/s: {found['bytes']} bytes in "
        f"{duration(found['seconds'])}, the first after {duration(found['firstByteSeconds'])}",
    )


@app.command("recommend")
def recommend(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Say what this machine can run, and why; the network is not asked."""
    found = Client.find(data_dir).send("recommended_models")
    if json:
        print_json(found)
        return
    for each in found:
        here = ("here  ", GOOD) if each["present"] and each["runnable"] else ("      ", DIM)
        say(here, (each["model"], LINK), f"  {size(each['residentMemory'])} of memory")
        say((f"      {each['reason']}", DIM))
        if each["measuredBytesPerSecond"]:
            say((f"      measured here: {each['measuredBytesPerSecond']:,.0f} bytes/s", DIM))


@app.command("pull")
def pull(
    model: Annotated[str, typer.Argument(help="Its name on the hub, as in owner/name.")],
    data_dir: DataDir = None,
) -> None:
    """Fetch a model from the hub to this machine, where it stays."""
    from selfd_daemon.minds.errors import MindError
    from selfd_daemon.minds.hub.fetching import fetch
    from selfd_daemon.settings import Settings

    offline = Settings.load({"data_dir": data_dir}).offline
    try:
        with progress_bar("fetching", shown=sys.stderr.isatty()) as progress:
            folder = fetch(model, offline=offline, progress=progress)
    except MindError as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        note("stopped: what came is kept, and pulling again goes on from there")
        raise typer.Exit(INTERRUPTED) from None
    say(str(folder))
    note(f"add it with selfd models add mlx {model}")


def _told(mind: Mapping[str, Any], json: bool) -> None:
    if json:
        print_json(mind)
    else:
        _show(mind)


def _show(mind: Mapping[str, Any]) -> None:
    chosen = ", default" if mind["isDefault"] else ""
    loaded = "loaded" if mind["loaded"] else "not loaded"
    speed = mind["bytesPerSecond"]
    pace = f", {speed:,.0f} bytes/s" if speed else ""
    say(
        (mind["id"], LINK),
        f"  {mind['name']} ({mind['model']})  {mind['kind'].lower()}, {loaded}{pace}{chosen}",
    )


def _option(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE, the value as JSON where it is some."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"{text!r} is no option: write NAME=VALUE, as in kv_bits=8")
    try:
        return name, json_module.loads(value)
    except ValueError:
        return name, value
