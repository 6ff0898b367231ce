"""export and import."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, LINK, WARN, note, print_json, say
from selfd_daemon.cli.terminal.progress import finish
from selfd_daemon.cli.terminal.text import plural, short_path

_KINDS = {
    "memories": "memory",
    "conversations": "conversation",
    "articles": "article",
    "documents": "document",
    "feeds": "feed",
    "minds": "mind",
    "goals": "goal",
    "assessments": "assessment",
    "nights": "night",
    "journal": "thought",
    "self_versions": "self version",
}


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Write everything in open formats: JSONL, OPML, TOML, safetensors, and Markdown to read."""
    client = Client.find(data_dir)
    started = client.send("export_data", path=str(folder.expanduser().absolute()))
    job = finish(client, started, title="exporting")
    if json:
        print_json(job)
        return
    found = job["metrics"]
    counts = ", ".join(plural(found[kind], noun) for kind, noun in _KINDS.items())
    say((short_path(found["path"]), LINK), f"  {counts}")
    if found["damaged"]:
        note((f"{plural(found['damaged'], 'row')} could not be read: see selfd status", WARN))


def import_(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="A folder of selfd export; a .jsonl of memories or an .opml; an export of mem0, "
            "ChatGPT or Claude; a folder of Chroma, or one of notes.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would come in.")
    ] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Take in what was exported, by selfd or another program; nothing comes in twice."""
    client = Client.find(data_dir)
    source = str(path.expanduser().absolute())
    started = client.send("import_data", path=source, dryRun=dry_run)
    job = finish(client, started, title="importing")
    if json:
        print_json(job)
        return
    for kind in _KINDS:
        if counts := job["metrics"].get(kind):
            say(f"  {kind.replace('_', ' ')}: {_summary(counts)}")
    if settings := job["metrics"].get("settings"):
        say(f"  settings: {settings}")
    if dry_run:
        note(("nothing was changed: leave out --dry-run to take it in", DIM))


def _summary(counts: Mapping[str, Any]) -> str:
    words = {"new": "new", "merged": "merged with what is here", "known": "here already"}
    parts = [f"{counts[word]:,} {shown}" for word, shown in words.items() if counts[word]]
    return ", ".join(parts) or "none"
