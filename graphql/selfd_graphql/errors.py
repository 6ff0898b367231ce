"""ServiceError             an expected failure of a service, shown to the client with its code
BodyTooLargeError        a request is larger than the API reads

Expected failures reach a client as a message and a code: those of services carry their own, those
of the store get theirs from `failure`. Everything else is a bug and is masked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from selfd_storage import (
    BackupError,
    DamagedBackupError,
    DuplicateError,
    EmbeddingError,
    IntegrityError,
    InvalidInputError,
    LineError,
    MigrationError,
    NotADatabaseError,
    NotFoundError,
    PassphraseError,
    SchemaTooNewError,
    StorageError,
    StoreBusyError,
    StoreClosedError,
    StoreFullError,
    StoreReadOnlyError,
)


class ServiceError(Exception):
    """An expected failure: `code` goes into the error's extensions, the message to the person.

    Codes are upper-case words: NOT_FOUND, INVALID_INPUT, TOO_LARGE, UNREACHABLE, NOT_A_FEED, ...
    Facts, as in `limit=..., size=...`, go into the extensions beside the code.
    """

    def __init__(self, code: str, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.code = code
        self.facts = facts


class BodyTooLargeError(Exception):
    """A request is larger than the limit; `size` is what was read of it."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the request has at least {size:,} bytes, the limit is {limit:,}: send less at once"
        )
        self.size = size
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Failure:
    """What a client is told of an expected failure, beside its message."""

    code: str
    facts: dict[str, Any] = field(default_factory=dict)


STORAGE_CODES: dict[type[StorageError], str] = {
    NotFoundError: "NOT_FOUND",
    InvalidInputError: "INVALID_INPUT",
    DuplicateError: "DUPLICATE",
    SchemaTooNewError: "SCHEMA_TOO_NEW",
    NotADatabaseError: "NOT_A_DATABASE",
    IntegrityError: "DAMAGED",
    StoreReadOnlyError: "READ_ONLY",
    StoreFullError: "DISK_FULL",
    StoreBusyError: "BUSY",
    StoreClosedError: "STOPPING",
    MigrationError: "MIGRATION_FAILED",
    EmbeddingError: "MODEL_UNAVAILABLE",
    BackupError: "BACKUP_FAILED",
    DamagedBackupError: "BACKUP_DAMAGED",
    PassphraseError: "PASSPHRASE",
    LineError: "INVALID_LINE",
}


def failure(error: BaseException) -> Failure | None:
    """Return what to tell a client of `error`, or None when it was not expected."""
    if isinstance(error, ServiceError):
        return Failure(error.code, error.facts)
    if isinstance(error, StorageError):
        code = next(
            (STORAGE_CODES[kind] for kind in type(error).__mro__ if kind in STORAGE_CODES),
            "STORAGE",
        )
        id = getattr(error, "id", None)
        return Failure(code, {"id": id} if id is not None else {})
    return None
