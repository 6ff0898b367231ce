"""What selfd keeps and what it came with: the data folder, its keys, its database, its models."""

from __future__ import annotations

import stat
from os import W_OK, X_OK, access, geteuid
from pathlib import Path

from selfd_daemon.doctor.finding import Finding
from selfd_daemon.errors import TokenFileError
from selfd_daemon.server.token import read_token
from selfd_storage import StorageError, failing_feeds, inspect_store

_NAMED = 3  # of the feeds that fail


def data_folder(folder: Path) -> Finding:
    name = repr(str(folder))
    if not folder.exists():
        return Finding("data folder", True, f"{name} is not there yet; selfd up makes it")
    if not folder.is_dir():
        return Finding("data folder", False, f"{name} is no folder", "choose one with --data-dir")
    found = folder.stat()
    if found.st_uid != geteuid():
        return Finding(
            "data folder",
            False,
            f"{name} belongs to user {found.st_uid}",
            "choose one of your own with --data-dir",
        )
    if not access(folder, W_OK | X_OK):
        return Finding(
            "data folder", False, f"{name} cannot be written to", f"run chmod u+rwx {name}"
        )
    if stat.S_IMODE(found.st_mode) & 0o077:
        return Finding(
            "data folder", True, f"{name} can be entered by others", f"run chmod 700 {name}"
        )
    return Finding("data folder", True, f"{name} is yours alone")


def token(name: str, path: Path) -> Finding:
    try:
        read_token(path)
    except FileNotFoundError:
        return Finding(name, True, "there is none yet; selfd up makes it")
    except TokenFileError as error:
        what, _, next_step = str(error).partition(": ")
        return Finding(name, False, what, next_step)
    return Finding(name, True, "only you can read it")


def database(folder: Path) -> Finding:
    restore = "selfd restore BACKUP --into NEW_FOLDER; the damaged file is kept"
    try:
        complaints = inspect_store(folder)
    except StorageError as error:
        what, _, next_step = str(error).partition(": ")
        return Finding("database", False, what, next_step or restore)
    if complaints:
        return Finding("database", False, f"damaged: {'; '.join(complaints)}", restore)
    return Finding(
        "database", True, "sound" if folder.joinpath("selfd.db").exists() else "none yet"
    )


def feeds(folder: Path) -> Finding:
    """Say which feeds failed when they were polled last."""
    try:
        failing, count = failing_feeds(folder)
    except StorageError as error:
        return Finding("feeds", True, f"not looked at: {error}")
    if not failing:
        return Finding("feeds", True, f"{count} followed, none failing" if count else "none yet")
    named = "; ".join(f"{url}: {error}" for url, error in failing[:_NAMED])
    more = f", and {len(failing) - _NAMED} more" if len(failing) > _NAMED else ""
    return Finding(
        "feeds", True, f"{len(failing)} of {count} failed: {named}{more}", "selfd feeds list"
    )


def models() -> Finding:
    """Check the files that selfd came with against their hashes."""
    from selfd_models.checkpoint import SHIPPED, load
    from selfd_models.embedding.embedder import Embedder
    from selfd_models.errors import ModelError

    try:
        checkpoint = load(SHIPPED)
        Embedder.load()
    except ModelError as error:
        what, _, next_step = str(error).partition(": ")
        return Finding("built-in models", False, what, next_step or "install selfd again")
    name = f"{checkpoint.config.name} {checkpoint.fingerprint}"
    return Finding("built-in models", True, f"{name} and the embedder match their hashes")
