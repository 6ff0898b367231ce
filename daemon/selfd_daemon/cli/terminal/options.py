"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from selfd_daemon.cli.terminal.text import moment


class MemoryKindName(StrEnum):
    """The kinds of memory, as they are typed."""

    FACT = "fact"
    EPISODE = "episode"
    PREFERENCE = "preference"
    NOTE = "note"
    REFLECTION = "reflection"


class ScopeName(StrEnum):
    """Where to look, as it is typed."""

    MEMORY = "memory"
    ARTICLE = "article"
    DOCUMENT = "document"


class StartableJob(StrEnum):
    """The jobs that need no more than their name to start."""

    CONSOLIDATE = "consolidate"
    COMPRESS = "compress"


class JobStateName(StrEnum):
    """The states of a job, as they are typed."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    WAITING = "waiting"


def _moment(value: str | None) -> str | None:
    """Read a time as it is typed into one that the API takes."""
    if value is None:
        return None
    try:
        return moment(value).isoformat()
    except ValueError as error:
        raise typer.BadParameter(
            f"{value!r} is no time: write 2026-11-01, 2026-11-01T18:00, or how long ago, as in 3d"
        ) from error


DataDir: TypeAlias = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="The data folder.", show_default=False),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
First: TypeAlias = Annotated[
    int, typer.Option("--first", "-n", metavar="N", min=1, max=100, help="At most this many.")
]
Scopes: TypeAlias = Annotated[
    list[ScopeName] | None,
    typer.Option(
        "--scope", "-s", metavar="WHERE", help="Only memory, article or document; repeatable."
    ),
]
Kind: TypeAlias = Annotated[
    MemoryKindName | None,
    typer.Option(
        "--kind",
        "-k",
        metavar="KIND",
        help="fact, episode, preference, note or reflection.",
        show_default=False,
    ),
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Not before: a date, or 3d.", callback=_moment),
]
AsOf: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="As it was then: a date, or 3d.", callback=_moment
    ),
]
At: TypeAlias = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="When it happened: a date, or 3d.", callback=_moment),
]


def upper(names: list[ScopeName] | None) -> list[str] | None:
    """Return names as the API writes them, None for none."""
    return [name.value.upper() for name in names] if names else None
