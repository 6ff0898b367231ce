"""train: tonight's plan at once, or a model of one's own from nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.self_model.nights import print_night
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import note, print_json
from selfd_daemon.cli.terminal.progress import progress_bar

_LOOK_SECONDS = 1.0
_INTERRUPTED = 130
_OVER = frozenset({"DONE", "SKIPPED", "FAILED"})


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
    from selfd_daemon.nights.errors import TrainingError
    from selfd_daemon.nights.training.backend import training_backend

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
    print_night(night)


def _is_over(client: Client, day: str) -> bool:
    found = client.send("nights", first=1)
    return bool(found) and found[0]["day"] == day and found[0]["endedAt"] is not None


def _now(told: Mapping[str, Any]) -> str:
    running = [step["name"] for step in told["steps"] if step["state"] == "RUNNING"]
    return ": ".join([*running, *([told["note"]] if told["note"] else [])])
