"""jobs and events: what selfd does, and what happens in it."""

from __future__ import annotations

import itertools
import json as jsonlib
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir, First, JobStateName, StartableJob
from selfd_daemon.cli.terminal.output import (
    BAD,
    DIM,
    GOOD,
    LINK,
    WARN,
    Part,
    note,
    print_json,
    print_json_line,
    say,
)
from selfd_daemon.cli.terminal.progress import FINISHED, finish
from selfd_daemon.cli.terminal.text import minute, one_line

app = typer.Typer(name="jobs", invoke_without_command=True)

_STYLES = {"SUCCEEDED": GOOD, "FAILED": BAD, "CANCELLED": WARN, "RUNNING": LINK}


@app.callback()
def jobs(
    context: typer.Context,
    state: Annotated[
        JobStateName | None,
        typer.Option(metavar="STATE", help="Only queued, running, succeeded, failed or cancelled."),
    ] = None,
    first: First = 20,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """See long work, newest first, or steer it: start, cancel, watch."""
    if context.invoked_subcommand:
        return
    page = Client.find(data_dir).send("jobs", first=first, state=state and state.value.upper())
    found = [edge["node"] for edge in page["edges"]]
    if json:
        print_json(found)
        return
    if not found:
        note("no jobs: selfd ingest and selfd feeds poll start some")
    for job in found:
        _print_job(job)


@app.command("start")
def start(
    kind: Annotated[
        StartableJob, typer.Argument(metavar="KIND", help="Work that also runs at night.")
    ],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Start work that also runs by itself at night, and follow it."""
    client = Client.find(data_dir)
    job = client.send("start_job", kind=kind.value.upper())
    job = finish(client, job, title=kind.value)
    if json:
        print_json(job)
        return
    _print_job(job)
    for name, value in job["metrics"].items():
        say(f"  {name.replace('_', ' ')}  {value}")


@app.command("cancel")
def cancel(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids as jobs shows them.")],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Stop jobs; what they did so far stays."""
    client = Client.find(data_dir)
    stopped = [client.send("cancel_job", id=id) for id in ids]
    if json:
        print_json(stopped)
        return
    for job in stopped:
        _print_job(job)


@app.command("watch")
def watch(
    id: Annotated[str, typer.Argument(metavar="ID", help="The job's id.")],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Follow a job until it is finished."""
    client = Client.find(data_dir)
    job = client.send("job", id=id)
    if job is None:
        raise CommandError(f"no job with id {id!r}: selfd jobs lists them")
    if job["state"] not in FINISHED:
        job = finish(client, job, title=job["kind"].lower().replace("_", " "))
    if json:
        print_json(job)
    else:
        _print_job(job)


def events(
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", metavar="KIND", help="As in memory.added; repeatable."),
    ] = None,
    after: Annotated[
        int | None, typer.Option(metavar="N", help="Replay what came after event N first.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "-n", metavar="N", min=1, help="Stop after this many.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Show what happens, as it happens; Ctrl-C ends it."""
    stream = Client.find(data_dir).stream("events", kinds=kinds, after=after)
    with closing(stream):
        for event in itertools.islice(stream, count):
            if json:
                print_json_line(event)
            else:
                _print_event(event)


def _print_event(event: Mapping[str, Any]) -> None:
    facts = " ".join(f"{name}={jsonlib.dumps(value)}" for name, value in event["payload"].items())
    say(
        (f"{event['sequence']:>6}  {minute(event['at'])}  ", DIM),
        f"{event['kind']:<20}  ",
        (event["subject"] or "", LINK),
        (f"  {one_line(facts, 120)}", DIM),
    )


def _print_job(job: Mapping[str, Any]) -> None:
    state = job["state"]
    word: Part = (state.lower(), _STYLES.get(state, ""))
    kind = job["kind"].lower().replace("_", " ")
    percent = f" {job['progress']:.0%}" if state == "RUNNING" else ""
    say((job["id"], LINK), f"  {kind}  {minute(job['createdAt'])}  ", word, percent)
    if text := job["error"] or job["message"]:
        say(("  " + one_line(text), DIM))
