"""backup and restore."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir
from selfd_daemon.cli.terminal.output import DIM, LINK, WARN, note, print_json, say
from selfd_daemon.cli.terminal.passphrase import PassphraseFile, passphrase
from selfd_daemon.cli.terminal.text import duration, minute, plural, short_path, size


def backup(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A file that is not there yet, or a folder.")
    ],
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Encrypt it with a passphrase.")
    ] = False,
    passphrase_file: PassphraseFile = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Write a verified, compressed copy of everything that selfd keeps."""
    from selfd_daemon.backups.retention import backup_name

    target = path.expanduser().absolute()
    if target.is_dir():
        target /= backup_name(datetime.now(UTC))
    client = Client.find(data_dir)
    words = passphrase(passphrase_file, new=True) if encrypt or passphrase_file else None
    report = client.send("backup", path=str(target), passphrase=words)
    if json:
        print_json(report)
        return
    checked = "opened and checked" if report["verified"] else "NOT verified: see selfd doctor"
    encrypted = ", encrypted" if report["encrypted"] else ""
    say(
        (short_path(report["path"]), LINK),
        f"  {size(report['bytes'])} in {duration(report['seconds'])}{encrypted}, {checked}",
    )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    into: Annotated[
        Path,
        typer.Option("--into", metavar="DIR", help="The folder to make.", show_default=False),
    ],
    passphrase_file: PassphraseFile = None,
    json: AsJson = False,
) -> None:
    """Restore a backup into a new folder, and compare it row by row; needs no daemon."""
    from selfd_storage import StorageError, restore_backup

    folder = into.expanduser().absolute()
    try:
        restored = restore_backup(
            file.expanduser(),
            folder,
            ask_passphrase=lambda: passphrase(passphrase_file, new=False),
        )
    except StorageError as error:
        raise CommandError(str(error)) from error
    if json:
        written = restored.created_at.isoformat() if restored.created_at else None
        print_json(
            {
                "folder": str(folder),
                "createdAt": written,
                "files": list(restored.files),
                "rows": dict(restored.rows),
                "damaged": list(restored.damaged),
            }
        )
        return
    counts = [
        plural(restored.rows.get(table, 0), noun)
        for table, noun in (
            ("memories", "memory"),
            ("conversations", "conversation"),
            ("articles", "article"),
            ("documents", "document"),
        )
    ]
    at = f", as of {minute(restored.created_at.isoformat())}" if restored.created_at else ""
    say((short_path(str(folder)), LINK), f"  {', '.join(counts)}{at}")
    say((f"{plural(sum(restored.rows.values()), 'row')} compared, all as backed up", DIM))
    if restored.damaged:
        note((f"damaged before the backup: {', '.join(restored.damaged)}", WARN))
    note((f"start it with selfd up --data-dir {short_path(str(folder))}", DIM))
