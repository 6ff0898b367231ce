"""service: start selfd with the session, through launchd or systemd."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

import typer

from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.folder import data_folder
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, GOOD, WARN, note, print_json, say
from selfd_daemon.cli.terminal.text import short_path

if TYPE_CHECKING:
    from selfd_daemon.service.installer import ServiceInstaller, ServiceStatus

app = typer.Typer(name="service", invoke_without_command=True)


@app.callback()
def service(context: typer.Context, data_dir: DataDir = None, json: AsJson = False) -> None:
    """Start selfd with the session: install, uninstall, status, logs."""
    if not context.invoked_subcommand:
        status(data_dir, json)


@app.command("install")
def install(data_dir: DataDir = None) -> None:
    """Start selfd now and with every session, and again when it fails."""
    from selfd_daemon.errors import DaemonError

    folder = data_folder(data_dir)
    try:
        folder.prepare()
        installer = _installer(data_dir)
        found = installer.install()
    except DaemonError as error:
        raise CommandError(str(error)) from error
    _print(found)
    note(("its output: selfd service logs", DIM))


@app.command("uninstall")
def uninstall(data_dir: DataDir = None) -> None:
    """Stop selfd and start it no more with the session; the data stays."""
    from selfd_daemon.errors import DaemonError

    try:
        removed = _installer(data_dir).uninstall()
    except DaemonError as error:
        raise CommandError(str(error)) from error
    if not removed:
        raise CommandError("the service is not installed: selfd service install does it")
    say(f"removed; the data stays in {short_path(str(data_folder(data_dir).root))}")


@app.command("status")
def status(data_dir: DataDir = None, json: AsJson = False) -> None:
    """Show what the system says of the service."""
    from selfd_daemon.errors import DaemonError

    try:
        found = _installer(data_dir).status()
    except DaemonError as error:
        raise CommandError(str(error)) from error
    if json:
        print_json({"state": found.state, "file": str(found.file), "detail": found.detail})
    else:
        _print(found)


@app.command("logs")
def logs(data_dir: DataDir = None) -> None:
    """Show the last that the service wrote before its own log was open, or where it failed to."""
    command = _installer(data_dir).logs()
    note((shlex.join(command), DIM))
    try:
        shown = subprocess.run(command, check=False).returncode
    except FileNotFoundError as error:
        raise CommandError(f"there is no {command[0]!r} on this system") from error
    own = data_folder(data_dir).logs / "selfd.jsonl"
    if own.exists():
        note((f"its own log: {short_path(str(own))}", DIM))
    if shown:
        raise CommandError(f"the system kept nothing of it: see {shlex.quote(str(own))}")


def _installer(data_dir: DataDir) -> ServiceInstaller:
    from selfd_daemon.service.installer import installer_for

    return installer_for(data_folder(data_dir).root)


def _print(found: ServiceStatus) -> None:
    style = GOOD if found.state == "running" else WARN
    say((found.state, style), f"  {short_path(str(found.file))}", (f"  {found.detail}", DIM))
