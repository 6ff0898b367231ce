"""Following a job to its end, with a bar on stderr where somebody watches it."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError, InterruptedStreamError, NotRunningError
from selfd_daemon.cli.terminal.output import note
from selfd_daemon.cli.terminal.text import one_line

if TYPE_CHECKING:
    from rich.progress import Progress

FINISHED = frozenset(("SUCCEEDED", "FAILED", "CANCELLED"))
_SECONDS_BETWEEN_LOOKS = 0.5
INTERRUPTED = 130


def finish(client: Client, job: Mapping[str, Any], *, title: str) -> Mapping[str, Any]:
    """Follow a job and return it as it ended well.

    Raises:
        CommandError: it failed or was cancelled.
        typer.Exit: Ctrl-C; the job goes on.
    """
    try:
        last = _follow(client, job, title)
    except KeyboardInterrupt:
        note(f"{job['id']} goes on: selfd jobs cancel {job['id']} stops it")
        raise typer.Exit(INTERRUPTED) from None
    if last["state"] == "CANCELLED":
        raise CommandError(f"{title}: {last['id']} was cancelled")
    if last["state"] == "FAILED":
        raise CommandError(last["error"] or f"{title}: {last['id']} failed")
    return last


def _follow(client: Client, job: Mapping[str, Any], title: str) -> Mapping[str, Any]:
    if not sys.stderr.isatty():
        return deque(_states(client, job), maxlen=1)[0]
    last = job
    with _bar() as bar:
        task = bar.add_task(title, total=1.0, detail="")
        for last in _states(client, job):
            detail = one_line(last["message"], 60)
            bar.update(task, completed=last["progress"], detail=detail)
    return last


@contextmanager
def progress_bar(title: str, *, shown: bool) -> Iterator[Callable[[float, str], None]]:
    """Give a function that takes a share from 0 to 1 and what is done, for work in this process."""
    if not shown:
        yield lambda _share, _what: None
        return
    with _bar() as bar:
        task = bar.add_task(title, total=1.0, detail="")
        yield lambda share, what: bar.update(task, completed=share, detail=one_line(what, 60))


def _states(client: Client, job: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the job as it is, then each time that it changed; the last one is finished."""
    yield job
    if job["state"] in FINISHED:
        return
    last = job
    try:
        for last in client.stream("job_progress", id=job["id"]):
            yield last
    except (InterruptedStreamError, NotRunningError):
        pass  # no stream to be had: look again and again
    while last["state"] not in FINISHED:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        last = client.send("job", id=job["id"])
        yield last


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
