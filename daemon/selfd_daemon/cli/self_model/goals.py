"""goals: set, tell, drop, and how far each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.input import words
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, LINK, note, print_json, say
from selfd_daemon.cli.terminal.plots import gauge
from selfd_daemon.cli.terminal.text import one_line

app = typer.Typer(name="goals", invoke_without_command=True)


@app.callback()
def list_goals(context: typer.Context, data_dir: DataDir = None, json: AsJson = False) -> None:
    """See goals, yours and its own, and how far each is; add, tell or remove one."""
    if context.invoked_subcommand:
        return
    found = Client.find(data_dir).send("goals")["goals"]
    if json:
        print_json(found)
        return
    if not found:
        note('no goals: selfd goals add "remember 500 notes" sets one')
    for goal in found:
        print_goal(goal)


@app.command("add")
def add_goal(
    text: Annotated[
        list[str], typer.Argument(metavar="TEXT", help="In your words; a number is measured.")
    ],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Set a goal; one such as `remember 500 notes` or `bits per byte below 1.8` is measured."""
    goal = Client.find(data_dir).send("add_goal", text=words(text, "goal"))
    if json:
        print_json(goal)
        return
    print_goal(goal)
    if goal["measure"] is None:
        note(f"nothing measures it: selfd goals tell {goal['id']} 0.5 says that it is half reached")


@app.command("tell")
def tell_goal(
    id: Annotated[str, typer.Argument(metavar="ID", help="The goal's id.")],
    progress: Annotated[float, typer.Argument(metavar="SHARE", min=0, max=1, help="From 0 to 1.")],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Tell how far a goal is that nothing measures."""
    goal = Client.find(data_dir).send("update_goal", id=id, progress=progress)
    if json:
        print_json(goal)
    else:
        print_goal(goal)


@app.command("remove")
def remove_goal(
    id: Annotated[str, typer.Argument(metavar="ID", help="The goal's id.")],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Drop a goal."""
    if not Client.find(data_dir).send("remove_goal", id=id):
        raise CommandError(f"no goal with id {id!r}: selfd goals lists them")
    if json:
        print_json(True)
    else:
        say((id, LINK), "  removed")


def print_goal(goal: Mapping[str, Any], *, indent: str = "") -> None:
    """Print a goal, how far it is, and what measures it."""
    whose = ", its own" if goal["origin"] == "SELF" else ""
    bar = gauge(goal["progress"], width=10)
    head = (f"{indent}{goal['id']}", LINK)
    say(head, f"  {bar}  {goal['progress']:>4.0%}  {one_line(goal['text'], 100)}", (whose, DIM))
    if goal["measure"] and goal["current"] is not None and goal["target"] is not None:
        figures = f"{goal['measure']}: {goal['current']:.4g}, from {goal['baseline']:.4g} "
        say((f"{indent}  {figures}to {goal['target']:.4g}", DIM))
