"""train, nights, checkpoints and rollback: what selfd learns, and the way back."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir, First
from selfd_daemon.cli.terminal.output import BAD, BOLD, DIM, GOOD, LINK, WARN, note, print_json, say
from selfd_daemon.cli.terminal.plots import chart, picture
from selfd_daemon.cli.terminal.progress import progress_bar
from selfd_daemon.cli.terminal.text import minute, one_line

_STYLES = {"DONE": GOOD, "FAILED": BAD, "SKIPPED": DIM, "RUNNING": LINK, "PLANNED": DIM}
_LOOK_SECONDS = 1.0
_INTERRUPTED = 130
_OVER = frozenset({"DONE", "SKIPPED", "FAILED"})
Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw it into a PNG, too.")
]


class PresetName(StrEnum):
    """A size of the byte model."""

    TINY = "tiny"
    NANO = "nano"
    SMALL = "small"
    BASE = "base"
    ELARA = "elara"


class BackendName(StrEnum):
    """What training computes with."""

    JAX = "jax"
    MLX = "mlx"


def train(
    tonight: Annotated[
        bool, typer.Option("--tonight", help="Begin tonight's plan now, and follow it.")
    ] = False,
    corpus: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Train a model from nothing on a folder of text."),
    ] = None,
    preset: Annotated[
        PresetName, typer.Option(metavar="NAME", help="Its size: nano, small, base, elara.")
    ] = PresetName.NANO,
    state: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the run is kept; nothing is DIR.training."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Stop at this step.")
    ] = None,
    texts: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Texts in a step; more take more memory.")
    ] = None,
    rows: Annotated[
        int | None, typer.Option(min=2, metavar="N", help="Bytes of each of them.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in STATE.")] = False,
    backend: Annotated[
        BackendName | None,
        typer.Option(metavar="NAME", help="jax or mlx; nothing takes what is here."),
    ] = None,
    hosts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Train on several machines: a hostfile of mlx.launch."),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Teach the built-in model tonight's plan now, or train one from nothing on a folder."""
    if tonight == (corpus is not None):
        both = ", not both" if tonight else ""
        raise CommandError(f"say --tonight, or --corpus DIR to train a model from nothing{both}")
    if corpus is None:
        _train_tonight(Client.find(data_dir), json=json)
        return
    folder = corpus.expanduser().absolute()
    kept = state or folder.with_name(f"{folder.name}.training")
    command = ["-m", "selfd_models.training", "--preset", preset.value, "--corpus", str(folder)]
    command += ["--state", str(kept), "--backend", "mlx" if hosts else backend or _backend()]
    for name, value in (("--steps", steps), ("--texts", texts), ("--rows", rows)):
        command += [name, str(value)] if value is not None else []
    command += ["--resume"] if resume else []
    raise typer.Exit(subprocess.call([*_launcher(hosts), sys.executable, *command]))


def _backend() -> str:
    from selfd_daemon.nights.backend import training_backend
    from selfd_daemon.nights.errors import TrainingError

    try:
        return training_backend()
    except TrainingError as error:
        raise CommandError(str(error)) from error


def _launcher(hosts: Path | None) -> list[str]:
    """Return what starts one process on each machine of a hostfile; nothing for this one alone."""
    if hosts is None:
        return []
    beside = Path(sys.executable).with_name("mlx.launch")
    tool = str(beside) if beside.exists() else shutil.which("mlx.launch")
    if tool is None:
        raise CommandError("--hosts needs mlx.launch: pip install 'selfd[mlx]'")
    if not hosts.is_file():
        raise CommandError(f"no hostfile at {str(hosts)!r}")
    return [tool, "--backend", "ring", "--hostfile", str(hosts), "--"]


def _train_tonight(client: Client, *, json: bool) -> None:
    """Begin the night and show its steps until all are over; Ctrl-C leaves it running."""
    told = client.send("begin_tonight")
    day = told["day"]
    if told["note"].startswith("the machine is not on power"):
        note(f"tonight begins once the machine is on power ({told['note']})")
    try:
        with progress_bar("tonight", shown=sys.stderr.isatty() and not json) as bar:
            while not _is_over(client, day):
                told = client.send("tonight")
                over = sum(step["state"] in _OVER for step in told["steps"])
                bar(over / len(told["steps"]), _now(told))
                time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        note("the night goes on: selfd nights shows how far it is")
        raise typer.Exit(_INTERRUPTED) from None
    night = next(each for each in client.send("nights", first=1) if each["day"] == day)
    if json:
        print_json(night)
        return
    _print_night(night)


def _is_over(client: Client, day: str) -> bool:
    found = client.send("nights", first=1)
    return bool(found) and found[0]["day"] == day and found[0]["endedAt"] is not None


def _now(told: Mapping[str, Any]) -> str:
    running = [step["name"] for step in told["steps"] if step["state"] == "RUNNING"]
    return ": ".join([*running, *([told["note"]] if told["note"] else [])])


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
        _draw(plot, client.send("checkpoints"))
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
        _print_night(night)


def _print_night(night: Mapping[str, Any]) -> None:
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


def checkpoints(plot: Plot = None, data_dir: DataDir = None, json: AsJson = False) -> None:
    """See the generations of the weights and of adapters as trees, and how well each did."""
    found = Client.find(data_dir).send("checkpoints")
    if plot is not None:
        _draw(plot, found)
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


def _draw(path: Path, found: Iterable[Mapping[str, Any]]) -> None:
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
