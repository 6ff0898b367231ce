"""engram: build, search, extract, update, info; on files alone, without the daemon."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, First
from selfd_daemon.cli.terminal.output import DIM, LINK, WARN, note, print_json, say, table
from selfd_daemon.cli.terminal.progress import progress_bar
from selfd_daemon.cli.terminal.text import minute, one_line, plural, short_path, size

if TYPE_CHECKING:
    from selfd_storage.engram import Engram, EngramInfo

app = typer.Typer(name="engram", no_args_is_help=True)

EngramFile = Annotated[Path, typer.Argument(metavar="FILE", help="An engram.")]


@app.callback()
def engram() -> None:
    """Keep a folder in one searchable file: build, search, extract, update, info."""


@app.command("build")
def build(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to keep.")],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="The file to write; nothing names it as DIR.", show_default=False
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="What it is called.")] = None,
    json: AsJson = False,
) -> None:
    """Write an engram of a folder."""
    with _told():
        from selfd_storage.engram import build as build_engram

        source = folder.expanduser().absolute()
        target = file.expanduser() if file else Path(f"{source.name}.engram")
        with progress_bar("building", shown=sys.stderr.isatty() and not json) as report:

            def progress(done: int, files: int, path: str) -> None:
                report(done / files, path)

            info = build_engram(source, target, name=name, progress=progress)
    _print_info(info, json=json)


@app.command("search")
def search(
    file: EngramFile,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help="Words to look for.")],
    first: First = 10,
    json: AsJson = False,
) -> None:
    """Find the files that fit best, with their best line."""
    with _opened(file) as engram:
        found = engram.search(" ".join(query), first)
    if json:
        print_json([asdict(each) for each in found])
        return
    if not found:
        note("nothing fits: all words are looked for in paths and contents")
    for each in found:
        place = f":{each.line}" if each.line else ""
        say((f"{each.path}{place}", LINK), (f"  {each.score:.2f}", DIM))
        if each.line:
            say(f"  {one_line(each.text, 200)}")


@app.command("extract")
def extract(
    file: EngramFile,
    patterns: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATTERN",
            help="Which files, as in .gitignore; nothing means all.",
            show_default=False,
        ),
    ] = None,
    into: Annotated[
        Path, typer.Option("--into", metavar="DIR", help="Where to write them.")
    ] = Path(),
    json: AsJson = False,
) -> None:
    """Give the files back, each checked against its SHA-256."""
    with _opened(file) as engram:
        done = engram.extract(into.expanduser(), patterns or ())
    if json:
        print_json(asdict(done))
    else:
        say(f"{plural(done.files, 'file')}, {size(done.bytes)}")
    for each in done.damaged:
        note(("  damaged ", WARN), f"{each.path}: {each.reason}")
    if done.damaged:
        raise CommandError(f"{plural(len(done.damaged), 'file')} could not be given back")


@app.command("update")
def update(
    file: EngramFile,
    path: Annotated[str, typer.Argument(metavar="PATH", help="The file's path in the engram.")],
    source: Annotated[
        Path | None,
        typer.Argument(metavar="SOURCE", help="Its new content.", show_default=False),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take it out instead.")] = False,
    json: AsJson = False,
) -> None:
    """Replace, add or remove one file."""
    if remove == (source is not None):
        raise typer.BadParameter("give the new content as SOURCE, or --remove")
    with _opened(file, writable=True) as engram:
        engram.update(path, source.expanduser() if source else None)
        info = engram.info()
    _print_info(info, json=json)


@app.command("info")
def info(file: EngramFile, json: AsJson = False) -> None:
    """Show what an engram holds."""
    with _opened(file) as engram:
        found = engram.info()
    _print_info(found, json=json)


@contextmanager
def _told() -> Iterator[None]:
    """Say in one line what a file or a folder is the cause of."""
    from selfd_storage import StorageError

    try:
        yield
    except StorageError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise CommandError(f"cannot use {error.filename!r}: {reason}") from error


@contextmanager
def _opened(file: Path, *, writable: bool = False) -> Iterator[Engram]:
    with _told():
        from selfd_storage.engram import Engram

        with Engram.open(file.expanduser(), writable=writable) as engram:
            yield engram


def _print_info(info: EngramInfo, *, json: bool) -> None:
    if json:
        print_json({**asdict(info), "created_at": info.created_at.isoformat()})
        return
    share = f", {info.stored_bytes / info.raw_bytes:.0%} of it" if info.raw_bytes else ""
    table(
        [
            ("name", info.name),
            ("file", (short_path(info.path), LINK)),
            ("holds", f"{plural(info.files, 'file')} in {plural(info.folders, 'folder')}"),
            ("content", size(info.raw_bytes)),
            ("on disk", f"{size(info.stored_bytes)} with its codes{share}"),
            ("built", minute(info.created_at.isoformat())),
        ]
    )
    if info.damaged:
        note(("it is damaged: selfd engram extract gives back what is whole", WARN))
