"""assess: what selfd's tests of itself find, now and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import (
    BAD,
    BOLD,
    DIM,
    GOOD,
    WARN,
    note,
    paragraph,
    print_json,
    say,
)
from selfd_daemon.cli.terminal.plots import Series, chart, gauge, picture
from selfd_daemon.cli.terminal.progress import finish
from selfd_daemon.cli.terminal.text import duration, minute

_KEPT = 100  # assessments that a plot goes back


def assess(
    history: Annotated[
        bool, typer.Option("--history", help="Test nothing; show what past assessments found.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", metavar="FILE", help="Draw all assessments into a PNG, too."),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Test what it says about itself, and show each test with its value and threshold."""
    client = Client.find(data_dir)
    if not history:
        finish(client, client.send("assess_self"), title="assessing itself")
    found = client.send("self_assessments", first=_KEPT if history or plot else 1)
    if plot is not None and found:
        when = [datetime.fromisoformat(each["at"]) for each in reversed(found)]
        picture(plot, "What selfd's tests of itself found", when, _series(found), low=0.0, high=1.0)
        note(f"drawn into {plot}")
    if json:
        print_json(found if history else found[0])
        return
    if not found:
        note("not assessed yet: selfd assess does it now")
        return
    _print(found[0])
    if history and len(found) > 1:
        say("\n", (f"the last {len(found)} assessments", BOLD))
        for line in chart(_series(found), low=0.0, high=1.0):
            say(line)


def _print(assessment: Mapping[str, Any]) -> None:
    done = [test for test in assessment["tests"] if test["measured"]]
    say(
        (f"{sum(test['passed'] for test in done)} of {len(done)} tests passed", BOLD),
        (f"  {minute(assessment['at'])}, took {duration(assessment['seconds'])}", DIM),
    )
    for test in assessment["tests"]:
        verdict = ("passed", GOOD) if test["passed"] else ("failed", BAD)
        drawn, told = gauge(test["value"]), f"{test['value']:.3f}, at least {test['threshold']:g}"
        if not test["measured"]:
            verdict, drawn, told = ("not measured", WARN), " " * 20, ""
        say(f"  {test['name']:<24}  {drawn}  ", verdict, (f"  {told}" if told else "", DIM))
        paragraph(test["explanation"], indent=4, style=DIM)


def _series(newest_first: Sequence[Mapping[str, Any]]) -> Series:
    """Return each test's values, oldest first; None where it was not measured."""
    oldest_first = list(reversed(newest_first))
    names = dict.fromkeys(test["name"] for each in oldest_first for test in each["tests"])
    return {name: [_value(each, name) for each in oldest_first] for name in names}


def _value(assessment: Mapping[str, Any], name: str) -> float | None:
    return next(
        (
            float(test["value"])
            for test in assessment["tests"]
            if test["name"] == name and test["measured"]
        ),
        None,
    )
