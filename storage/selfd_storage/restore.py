"""Putting a backup in the place of the store, while no daemon runs."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

from selfd_storage.backup import check_copy, sync
from selfd_storage.connection import translated
from selfd_storage.errors import NotFoundError
from selfd_storage.migrations import check_file
from selfd_storage.schema import APPLICATION_ID, STEPS


def restore_store(copy: Path, folder: Path, now: datetime) -> Path | None:
    """Make a backup the store of a folder; return where the store before it is kept, if any.

    The caller holds the folder's lock. The index is dropped: the next start makes it anew. A backup
    with damaged rows is taken, since the rows that are sound are worth having.

    Raises:
        NotFoundError: there is no such backup.
        NotADatabaseError: it is no database of selfd, or damaged in its structure.
        SchemaTooNewError: a newer selfd wrote it.
    """
    if not copy.is_file():
        raise NotFoundError("backup", str(copy))
    target = folder / "selfd.db"
    part = folder / "selfd.db.part"
    with translated(copy):
        check_file(copy, APPLICATION_ID, len(STEPS))
        check_copy(copy)
    with translated(target):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(copy, part)
        part.chmod(0o600)
        sync(part)
        kept = _keep(target, folder / f"selfd-until-{now:%Y%m%d-%H%M%S}.db")
        part.replace(target)
        for gone in ("index.db", "index.db-wal", "index.db-shm"):
            (folder / gone).unlink(missing_ok=True)
        sync(folder)
    return kept


def _keep(target: Path, kept: Path) -> Path | None:
    """Give the store, with the log that belongs to it, a second name to live on under."""
    target.with_name(f"{target.name}-shm").unlink(missing_ok=True)
    log = target.with_name(f"{target.name}-wal")
    if log.exists():  # it must never meet another file
        log.rename(kept.with_name(f"{kept.name}-wal"))
    if not target.exists():
        return None
    os.link(target, kept)
    return kept
