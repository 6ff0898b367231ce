"""nights: tonight's plan, and what the last nights did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.self_model.checkpoints import Plot, draw_gains
from selfd_daemon.cli.terminal.options import AsJson, DataDir, First
from selfd_daemon.cli.terminal.output import BAD, BOLD, DIM, GOOD, LINK, WARN, note, print_json, say
from selfd_daemon.cli.terminal.text import minute, one_line

_STYLES = {"DONE": GOOD, "FAILED": BAD, "SKIPPED": DIM, "RUNNING": LINK, "PLANNED": DIM}


def nights(
    first: First = 7,
    pause: Annotated[
        bool | None,
        typer.Option(
            "--pause/--resume", help="Pause the nights, or let them go on.", show_default=False
        ),
    ] = None,
    plot: Plot = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """See tonight's plan, and what the last nights did; pause the nights."""
    client = Client.find(data_dir)
    if pause is not None:
        client.send("pause_nights", paused=pause)
    told, past = client.send("tonight"), client.send("nights", first=first)
    if plot is not None:
        draw_gains(plot, client.send("checkpoints"))
    if json:
        print_json({"tonight": told, "nights": past})
        return
    say(("tonight ", BOLD), f"{minute(told['startsAt'])} to {minute(told['endsAt'])}")
    if not told["enabled"]:
        note("nights are switched off (nights.enabled); selfd train --tonight still runs one")
    elif told["note"]:
        say("  ", (one_line(told["note"], 90), WARN))
    if told["day"] not in (night["day"] for night in past):  # else it is printed with these
        _print_steps(told["steps"])
    for night in past:
        say()
        print_night(night)


def print_night(night: Mapping[str, Any]) -> None:
    """Say what one night did, step by step."""
    ended = night["endedAt"]
    when = f"until {minute(ended)}" if ended else "goes on"
    say(
        (f"{night['day']} ", BOLD),
        f"{night['note']}",
        (f"  {when}, {night['wattHours']:.1f} Wh", DIM),
    )
    _print_steps(night["steps"])


def _print_steps(steps: Iterable[Mapping[str, Any]]) -> None:
    for step in steps:
        words = step["note"] or step.get("sentence", "")
        say(
            (f"  {step['state'].lower():<8}", _STYLES[step["state"]]),
            f" {step['name']:<12} ",
            (one_line(words, 150), DIM),
        )
