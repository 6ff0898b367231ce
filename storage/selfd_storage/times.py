"""Moments as the files hold them: whole milliseconds since 1970 in UTC, six bytes a piece."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from selfd_storage.errors import InvalidInputError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """Return the present moment; the default clock of a store."""
    return datetime.now(UTC)


def to_ms(moment: datetime) -> int:
    """Cut a moment down to its millisecond. A moment without a zone is refused, never guessed."""
    if moment.tzinfo is None:
        raise InvalidInputError(f"{moment.isoformat()!r} has no time zone: add an offset such as Z")
    return (moment - EPOCH) // _MILLISECOND


def optional_ms(moment: datetime | None) -> int | None:
    """Convert like `to_ms`, letting None through."""
    return None if moment is None else to_ms(moment)


def from_ms(stored: int) -> datetime:
    """Return the aware datetime that was stored."""
    return EPOCH + stored * _MILLISECOND


def optional_moment(stored: int | None) -> datetime | None:
    """Convert like `from_ms`, letting None through."""
    return None if stored is None else from_ms(stored)
