"""StorageError
├── NotFoundError          no row has that id
├── InvalidInputError      a value that the store cannot hold (empty text, too long, bad cursor)
│   └── LineError          a line of an import is not as it should be
├── DuplicateError         it is there already (a feed's URL)
├── SchemaTooNewError      the file was written by a newer selfd
├── NotADatabaseError      the file is no selfd database, or damaged beyond reading
├── BackupError            a backup cannot be read, or was not written as it should
│   ├── DamagedBackupError it is damaged, with what of it is intact
│   └── PassphraseError    it is encrypted, and the passphrase is missing or another one
├── EmbeddingError         texts cannot be turned into vectors
├── EngramError            a file is no engram, or cannot be written
├── IntegrityError         a row no longer matches its content hash
├── MigrationError         an older file could not be brought to this schema
├── StoreBusyError         another process holds the file
├── StoreClosedError       the store was closed
├── StoreReadOnlyError     the data folder cannot be written to
└── StoreFullError         the disk is full; reads go on, writes resume when there is room
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


class StorageError(Exception):
    """Base of every error that the store raises on purpose."""


class NotFoundError(StorageError):
    """No row has that id."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"no {kind} with id {id!r}")
        self.kind = kind
        self.id = id


class InvalidInputError(StorageError):
    """A value that the store cannot hold."""


class EmbeddingError(StorageError):
    """Texts cannot be turned into vectors."""


class LineError(InvalidInputError):
    """A line of an import is not as it should be; `place` counts the lines given from 0."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


class DuplicateError(StorageError):
    """The thing is there already; `id` names it."""

    def __init__(self, message: str, id: str) -> None:
        super().__init__(message)
        self.id = id


class SchemaTooNewError(StorageError):
    """The file was written by a newer selfd."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"{path!r} is at schema {found}, this selfd knows {known}: upgrade selfd; "
            "the file was left alone"
        )
        self.path = path
        self.found = found
        self.known = known


class NotADatabaseError(StorageError):
    """The file is no selfd database, or damaged beyond reading; `path` names it, where known."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class IntegrityError(StorageError):
    """A row no longer matches its content hash; `id` names it."""

    def __init__(self, id: str) -> None:
        super().__init__(
            f"{id} no longer matches its content hash: restore it from a backup with selfd restore"
        )
        self.id = id


class MigrationError(StorageError):
    """A step of a migration failed; the file is as it was before the first one."""

    def __init__(self, path: str, step: str, reason: str) -> None:
        super().__init__(
            f"{path!r} could not take the step {step}: {reason}; the file is as it was: go on with "
            "the selfd that wrote it, and keep the copy in its folder's backups/"
        )
        self.path = path
        self.step = step


class StoreBusyError(StorageError):
    """Another process holds the file."""


class StoreClosedError(StorageError):
    """The store was closed; nothing more can be read or written."""


class StoreReadOnlyError(StorageError):
    """The data folder or its files cannot be written to."""


class StoreFullError(StorageError):
    """The disk is full; what was acknowledged is safe and reads go on."""


class EngramError(StorageError):
    """A file is no engram, holds less than it should, or cannot be written."""


class BackupError(StorageError):
    """A backup cannot be read, or could not be written."""


class DamagedBackupError(BackupError):
    """A backup is damaged; `intact` says how many rows of each kind are sound, and of how many."""

    def __init__(self, path: str, reason: str, intact: Mapping[str, tuple[int, int]]) -> None:
        sound = ", ".join(f"{rows:,} of {of:,} {name}" for name, (rows, of) in intact.items())
        super().__init__(
            f"{path!r} is damaged ({reason}), nothing was restored; intact in it are "
            f"{sound or 'no rows'}: restore another backup"
        )
        self.path = path
        self.intact = intact


class PassphraseError(BackupError):
    """A backup is encrypted, and the passphrase is missing or another one."""
