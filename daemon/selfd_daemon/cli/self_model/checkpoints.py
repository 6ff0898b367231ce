"""checkpoints and rollback: the generations of the weights, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, GOOD, LINK, note, print_json, say
from selfd_daemon.cli.terminal.plots import chart, picture
from selfd_daemon.cli.terminal.text import minute, one_line

Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw it into a PNG, too.")
]


def checkpoints(plot: Plot = None, data_dir: DataDir = None, json: AsJson = False) -> None:
    """See the generations of the weights and of adapters as trees, and how well each did."""
    found = Client.find(data_dir).send("checkpoints")
    if plot is not None:
        draw_gains(plot, found)
    if json:
        print_json(found)
        return
    children: dict[str | None, list[Mapping[str, Any]]] = {}
    for each in found:
        children.setdefault(each["parent"], []).append(each)
    for root in children.get(None, []):
        if root["mind"] is not None:
            say()
            say(("adapters of ", DIM), (root["mind"], LINK))
        _print_branch(root, children, "", "")
    new, old, _ = _gains(found)
    if len(new) > 1:
        say()
        values = [each for each in (*new, *old) if each is not None]
        low, high = min(values) - 0.01, max(values) + 0.01
        for line in chart({"new text": new, "old text": old}, low=low, high=high):
            say(line)


def _print_branch(
    each: Mapping[str, Any],
    children: Mapping[str | None, list[Mapping[str, Any]]],
    head: str,
    rest: str,
) -> None:
    mark = ("● ", GOOD) if each["active"] else ("○ " if each["promoted"] else "× ", DIM)
    gain = "" if each["after"] is None else f" {each['before']:.3f} -> {each['after']:.3f}"
    gone = "" if each["kept"] or not each["promoted"] else " (not kept)"
    say(
        head,
        mark,
        (each["id"], LINK),
        f" {minute(each['createdAt'])}{gain}{gone}  ",
        (one_line(each["reason"], 110), DIM),
    )
    below = children.get(each["id"], [])
    for number, child in enumerate(below, start=1):
        last = number == len(below)
        _print_branch(
            child,
            children,
            f"{rest}{'└─' if last else '├─'}",
            f"{rest}{'  ' if last else '│ '}",
        )


def _gains(
    found: Iterable[Mapping[str, Any]],
) -> tuple[list[float | None], list[float | None], list[str]]:
    """Return what each candidate of the weights needed for new and old text, and when."""
    judged = [each for each in found if each["after"] is not None and each["mind"] is None]
    old = [each["figures"].get("old", {}).get("after") for each in judged]
    return [each["after"] for each in judged], old, [each["createdAt"][:10] for each in judged]


def draw_gains(path: Path, found: Iterable[Mapping[str, Any]]) -> None:
    """Draw into a PNG what each candidate gained.   Raises: CommandError: there was none."""
    new, old, when = _gains(found)
    values = [each for each in (*new, *old) if each is not None]
    if not values:
        raise CommandError("there is nothing to draw yet: no candidate was trained here")
    low, high = min(values) - 0.02, max(values) + 0.02
    series = {"new text": new, "old text": old}
    picture(path, "Bits per byte of each candidate", when, series, low=low, high=high)
    note(f"drawn into {path}")


def rollback(
    id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID",
            help="As checkpoints shows it; nothing is the parent of the one that serves.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Let an earlier generation serve again, at once and bit for bit; of an adapter, too."""
    client = Client.find(data_dir)
    wanted = id or next(
        (
            each["parent"]
            for each in client.send("checkpoints")
            if each["active"] and each["mind"] is None
        ),
        None,
    )
    if wanted is None:
        raise CommandError("the weights that ship with selfd serve: there is nothing to go back to")
    restored = client.send("rollback", id=wanted)
    if json:
        print_json(restored)
        return
    say((restored["id"], LINK), " serves again  ", (one_line(restored["reason"], 100), DIM))
