"""up, down, status, open, settings, doctor: the daemon's own life."""

from __future__ import annotations

import os
import shlex
import signal
import time
from typing import TYPE_CHECKING, Annotated

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError, NotRunningError
from selfd_daemon.cli.folder import data_folder, is_default
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import (
    BAD,
    BOLD,
    DIM,
    GOOD,
    LINK,
    WARN,
    Part,
    note,
    print_json,
    say,
    table,
)
from selfd_daemon.cli.terminal.text import duration, plural, short_path, size

if TYPE_CHECKING:
    from selfd_daemon.doctor import Finding
    from selfd_daemon.settings import Settings

_SECONDS_TO_STOP = 15.0  # the daemon itself gives up after 10
_SECONDS_BETWEEN_LOOKS = 0.05


def up(
    data_dir: DataDir = None,
    port: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="The port on 127.0.0.1; 0 picks a free one.", show_default="7353"
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Open no connection to another machine.")
    ] = False,
    service: Annotated[
        bool,
        typer.Option(
            "--service",
            hidden=True,
            help="End cleanly where a start cannot succeed, as launchd wants.",
        ),
    ] = False,
) -> None:
    """Start the daemon here, in the foreground; Ctrl-C stops it."""
    from selfd_daemon.server.process import run
    from selfd_daemon.service.launcher import refresh_script

    settings = _load(data_dir=data_dir, port=port, offline=offline or None)
    refresh_script(settings.data_dir)
    status = run(settings)
    # launchd starts again whatever did not end well: what keeps a start from succeeding would do
    # so every time, so under a service manager it is an end like any other.
    raise typer.Exit(0 if service else status)


def down(data_dir: DataDir = None) -> None:
    """Stop the daemon; what runs is finished or goes on at the next start."""
    from selfd_daemon.server.lock import holder

    folder = data_folder(data_dir)
    pid = holder(folder.lock)
    if pid is None:
        raise NotRunningError(folder.root, is_default=is_default(folder))
    try:
        os.kill(pid, signal.SIGTERM)  # it holds the folder's lock, so it is the daemon
    except PermissionError as error:
        raise CommandError(
            f"process {pid} belongs to another user: stop it as that user"
        ) from error
    except ProcessLookupError:
        pass  # gone in this very moment
    until = time.monotonic() + _SECONDS_TO_STOP
    while holder(folder.lock) == pid:
        if time.monotonic() > until:
            raise CommandError(f"process {pid} is still stopping: if it hangs, run kill -9 {pid}")
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    say("selfd stopped")


def status(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Show whether the daemon is well, and what it holds."""
    client = Client.find(data_dir)
    found = client.send("status")
    if json:
        print_json(found)
        return
    word: Part = ("ready", GOOD) if found["ready"] else ("not ready", WARN)
    say((f"selfd {found['version']}", BOLD), " is ", word, f", up {duration(found['uptime'])}")
    mind = found["mind"]
    table(
        [
            ("memories", f"{found['memoryCount']:,}"),
            ("articles", f"{found['articleCount']:,}"),
            ("jobs", f"{found['runningJobs']} running" if found["runningJobs"] else "none running"),
            ("mind", f"{mind['name']} ({mind['model']})" if mind else "none"),
            ("backend", found["backend"]),
            ("resident", size(found["residentMemory"])),
            ("url", (client.url, LINK)),
            ("data", short_path(str(client.folder.root))),
            *(("problem", (problem, WARN)) for problem in found["problems"]),
        ]
    )


def open_dashboard(
    show: Annotated[
        bool, typer.Option("--print", help="Print the link, which works once, instead.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Open the dashboard in the browser, signed in."""
    import webbrowser

    client = Client.find(data_dir)
    link = client.sign_in_link()
    if show or not webbrowser.open(link):
        say(link)
    else:
        note(f"opened {client.url}")


def settings(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Change this one.", show_default=False),
    ] = None,
    value: Annotated[
        str | None,
        typer.Argument(
            metavar="VALUE", help="To this; nothing: back to its default.", show_default=False
        ),
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Show every setting, its value, and where that came from; or change one in settings.toml."""
    from selfd_daemon.settings.file import plain

    loaded = _load(data_dir=data_dir)
    if name:
        _change(loaded, name, value)
        return
    origins = loaded.origins()
    values = {line.name: plain(loaded.value(line.name)) for line in loaded.lines()}
    if json:
        print_json(
            [
                {
                    "name": line.name,
                    "value": values[line.name],
                    "origin": origins[line.name],
                    "variable": line.variable,
                    "description": line.sentence,
                }
                for line in loaded.lines()
            ]
        )
        return
    width = max(map(len, values))
    for line in loaded.lines():
        origin = origins[line.name]
        style = DIM if origin == "default" else LINK
        say((f"{line.name:<{width}}  ", BOLD), f"{_shown(values[line.name])}  ", (origin, style))
        say((f"{'':<{width}}  {line.sentence}", DIM))


def doctor(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Look for what commonly goes wrong, and say what to do about it."""
    from dataclasses import asdict

    from selfd_daemon.doctor import diagnose

    findings = diagnose(_load(data_dir=data_dir))
    faults = sum(not finding.ok for finding in findings)
    if json:
        print_json([asdict(finding) for finding in findings])
        raise typer.Exit(1 if faults else 0)
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        say(_mark(finding), f"  {finding.name:<{width}}  {finding.what}")
        if finding.next_step:
            say(f"{'':<8}{'':<{width}}  ", (f"→ {finding.next_step}", DIM))
    say((f"\n{plural(faults, 'fault')}" if faults else "\nall well", BOLD))
    raise typer.Exit(1 if faults else 0)


def _change(loaded: Settings, name: str, value: str | None) -> None:
    from selfd_daemon.errors import SettingError
    from selfd_daemon.settings.file import SettingsFile, parse

    file = SettingsFile(loaded)
    try:
        given = None if value is None else parse(value, file.line(name))
        changed = file.change(name, given)
    except SettingError as error:
        raise CommandError(str(error)) from error
    say((name, BOLD), f" is {_shown(changed.next_value)} from the next start on")


def _load(**flags: object) -> Settings:
    from selfd_daemon.errors import SettingError
    from selfd_daemon.settings import Settings

    try:
        return Settings.load(flags)
    except SettingError as error:
        raise CommandError(str(error)) from error


def _mark(finding: Finding) -> Part:
    if not finding.ok:
        return ("fault ", BAD)
    return ("advice", WARN) if finding.next_step else ("ok    ", GOOD)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return shlex.quote(value) if isinstance(value, str) else str(value)
