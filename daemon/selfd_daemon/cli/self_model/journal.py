"""journal: what came to its attention."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.terminal.options import AsJson, DataDir, First
from selfd_daemon.cli.terminal.output import DIM, LINK, note, print_json, print_json_line, say
from selfd_daemon.cli.terminal.text import minute, one_line

_LISTED = 8  # of what a thought is about


def journal(
    first: First = 20,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show new entries as they come; Ctrl-C ends it.")
    ] = False,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="Stop after this many.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Read what came to its attention, newest first, each with what it is about."""
    client = Client.find(data_dir)
    if follow:
        with closing(client.stream("thoughts")) as thoughts:
            for thought in itertools.islice(thoughts, count):
                if json:
                    print_json_line(thought)
                else:
                    _print_thought(thought)
        return
    found = [edge["node"] for edge in client.send("journal", first=first)["edges"]]
    if json:
        print_json(found)
        return
    if not found:
        note("the journal is empty: it begins with what happens next")
    for thought in found:
        _print_thought(thought)


def _print_thought(thought: Mapping[str, Any]) -> None:
    about = ", ".join(thought["about"][:_LISTED])
    more = ", …" if len(thought["about"]) > _LISTED else ""
    say(
        (f"{minute(thought['at'])}  ", DIM),
        f"{thought['source']:<9}  {one_line(thought['text'], 160)}",
        (f"  [{about}{more}]" if about else "", LINK),
    )
