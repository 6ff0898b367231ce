"""ingest: what selfd reads of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, LINK, WARN, note, print_json, say
from selfd_daemon.cli.terminal.progress import finish
from selfd_daemon.cli.terminal.text import duration, plural, short_path

_LISTED = 10


def ingest(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Files or folders on this machine.")
    ],
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Start it and go on.")] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Read files and folders; doing it again touches only what changed."""
    client = Client.find(data_dir)
    jobs = []
    for path in paths:
        job = client.send("ingest", path=str(path.expanduser().absolute()))
        if not no_wait:
            job = finish(client, job, title=f"reading {path}")
        jobs.append(job)
        if not json:
            _print_job(path, job)
    if json:
        print_json(jobs)


def _print_job(path: Path, job: Mapping[str, Any]) -> None:
    if job["state"] != "SUCCEEDED":
        say((job["id"], LINK), f"  reading {path}; selfd jobs shows how far it is")
        return
    metrics = job["metrics"]
    words = {"added": "new", "changed": "changed", "unchanged": "unchanged", "removed": "removed"}
    counts = [f"{metrics[name]:,} {word}" for name, word in words.items() if metrics[name]]
    read = metrics["added"] + metrics["changed"] + metrics["unchanged"]
    passages = plural(metrics["chunks"], "new passage")
    say(
        (short_path(str(path.absolute())), LINK),
        f"  {plural(read, 'file')}: {', '.join(counts) or 'nothing to read'}; "
        f"{passages} in {duration(metrics['seconds'])}",
    )
    _print_skipped(metrics)


def _print_skipped(metrics: Mapping[str, Any]) -> None:
    listed = metrics["skipped_files"][:_LISTED]
    for skipped in listed:
        note(("  skipped ", WARN), f"{short_path(skipped['path'])}: {skipped['reason']}")
    if (more := metrics["skipped"] - len(listed)) > 0:
        note((f"  and {more:,} more; --json lists them", DIM))
