"""menubar: selfd in the menu bar."""

from __future__ import annotations

import shlex

import typer

from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.folder import is_default
from selfd_daemon.cli.terminal.options import DataDir


def menubar(data_dir: DataDir = None) -> None:
    """Show selfd in the menu bar, or in a small window where there is none."""
    from selfd_daemon.clients.menubar.errors import MenubarError
    from selfd_daemon.clients.menubar.launch import launch
    from selfd_daemon.errors import SettingError
    from selfd_daemon.settings import Settings

    try:
        settings = Settings.load({"data_dir": data_dir})
        option = f" --data-dir {shlex.quote(str(settings.data_dir))}"
        start = f"selfd up{'' if is_default(settings.folder) else option}"
        status = launch(settings.folder, start=start, notify=settings.menubar.notify)
    except (MenubarError, SettingError) as error:
        raise CommandError(str(error)) from error
    raise typer.Exit(status)
