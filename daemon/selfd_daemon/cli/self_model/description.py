"""self: what selfd knows of itself, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.self_model.goals import print_goal
from selfd_daemon.cli.terminal.options import AsJson, AsOf, DataDir
from selfd_daemon.cli.terminal.output import (
    BOLD,
    DIM,
    GOOD,
    WARN,
    paragraph,
    print_json,
    print_json_line,
    say,
    table,
)
from selfd_daemon.cli.terminal.plots import gauge, interval
from selfd_daemon.cli.terminal.text import clean, duration, minute, one_line, plural, size

_WIDTH = 24  # of names before a bar
_LINEAGE = 12  # digits of a hash that tell weights apart


def self_(
    as_of: AsOf = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show it again whenever it changes.")
    ] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Show what it knows of itself, all of it measured: body, abilities, goals, attention."""
    client = Client.find(data_dir)
    if not follow:
        _show(client.send("self_model", asOf=as_of), json=json)
        return
    if as_of:
        raise typer.BadParameter("--follow shows the present: leave out --as-of")
    with closing(client.stream("follow_self")) as models:
        for model in models:
            _show(model, json=json, line=True)


def _show(model: Mapping[str, Any], *, json: bool, line: bool = False) -> None:
    if json:
        (print_json_line if line else print_json)(model)
        return
    _print_identity(model)
    _print_body(model["body"])
    _print_affect(model["affect"])
    _print_capabilities(model)
    if model["goals"]:
        _heading("goals")
        for goal in model["goals"]:
            print_goal(goal, indent="  ")
    _heading("attention")
    paragraph(model["attention"] or "nothing", indent=2)
    _print_list("limits", model["limits"])
    _print_list("unknown to it", model["unknown"])


def _print_identity(model: Mapping[str, Any]) -> None:
    identity = model["identity"]
    lineage = " → ".join(each[:_LINEAGE] for each in identity["lineage"])
    verified = ("verified", GOOD) if identity["lineageVerified"] else ("does not add up", WARN)
    say((clean(identity["name"]), BOLD), (f"  as of {minute(model['asOf'])}", DIM))
    table([("born", minute(identity["bornAt"]))])
    say(("  weights  ", DIM), lineage, "  ", verified)
    for value in identity["values"]:
        say(("  value    ", DIM), clean(value))


def _print_body(body: Mapping[str, Any]) -> None:
    _heading(f"body  {body['device']}, {body['backend']}")
    used = 1 - body["memoryAvailable"] / body["memoryTotal"]
    _gauge("processors", body["cpuLoad"], f"{body['cpuLoad']:.0%} loaded")
    total = f"{size(body['memoryTotal'])}, {size(body['residentMemory'])} by selfd"
    _gauge("memory", used, f"{used:.0%} of {total}")
    if body["batteryShare"] is not None:
        _gauge("battery", body["batteryShare"], f"{body['batteryShare']:.0%}")
    facts = [
        ("power", {True: "battery", False: "mains", None: None}[body["onBattery"]]),
        ("drawn", None if body["watts"] is None else f"{body['watts']:.1f} W"),
        ("heat", body["thermalPressure"]),
        ("network", {True: "up", False: "down", None: None}[body["networkUp"]]),
        ("unused for", None if body["idleSeconds"] is None else duration(body["idleSeconds"])),
        ("disk free", size(body["diskFree"])),
    ]
    table([(name, str(value)) for name, value in facts if value is not None])


def _print_affect(affect: Mapping[str, Any]) -> None:
    _heading("affect  figures made of measured signals, no claim of feeling")
    _gauge("valence", affect["valence"], f"{affect['valence']:+.2f}", low=-1.0)
    for name in ("arousal", "curiosity", "confidence", "fatigue"):
        _gauge(name, affect[name], f"{affect[name]:.2f}")


def _print_capabilities(model: Mapping[str, Any]) -> None:
    _heading("capabilities  with 95% intervals")
    if not model["capabilities"]:
        say(("  nothing was tried yet", DIM))
    for each in model["capabilities"]:
        share = each["successes"] / each["attempts"] if each["attempts"] else None
        drawn = interval(each["low"], share, each["high"])
        told = f"{each['successes']} of {each['attempts']}"
        if each["unjudged"]:
            told += f", {each['unjudged']:,} not judged"
        if each["trend"] is not None:
            told += f", {each['trend']:+.0%} lately"
        say((f"  {one_line(each['name'], _WIDTH):<{_WIDTH}}  ", DIM), drawn, f"  {told}")
    if model["calibrationError"] is None:
        return
    _heading(f"calibration  error {model['calibrationError']:.3f}")
    for each in model["calibration"]:
        said = f"{each['predicted']:.2f} said, {each['right']:.2f} true"
        name = f"{each['low']:.1f} to {each['high']:.1f}"
        drawn = gauge(each["right"])
        say((f"  {name:<{_WIDTH}}  ", DIM), drawn, f"  {said}, {plural(each['answers'], 'answer')}")


def _print_list(name: str, items: Sequence[str]) -> None:
    if items:
        _heading(name)
    for item in items:
        paragraph(f"- {item}", indent=2)


def _heading(text: str) -> None:
    name, _, rest = text.partition("  ")
    say("\n", (name, BOLD), (f"  {clean(rest)}" if rest else "", DIM))


def _gauge(name: str, value: float, told: str, *, low: float = 0.0) -> None:
    say((f"  {name:<{_WIDTH}}  ", DIM), gauge(value, low=low), f"  {told}")
