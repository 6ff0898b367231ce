"""The body of a row: packed text and the hash that vouches for it, one form for every table."""

from __future__ import annotations

from typing import Any

from selfd_storage.errors import IntegrityError
from selfd_storage.packing.codecs import HOT, decode, encode
from selfd_storage.packing.integrity import content_hash


def pack(kind: str, raw: bytes, *meaning: str | int | None) -> dict[str, Any]:
    """Return the columns of a fresh body; `meaning` are the columns that its hash covers too."""
    stored = encode(raw)
    return {
        "tier": HOT,
        "codec": stored.codec,
        "dictionary": stored.dictionary,
        "size": stored.size,
        "hash": content_hash(kind, *meaning, raw),
        "body": stored.data,
    }


def unpack(
    id: str, kind: str, codec: int, size: int, hash: bytes, body: bytes, *meaning: str | int | None
) -> bytes:
    """Return the raw bytes of a row.

    Raises:
        IntegrityError: they, or the columns of `meaning`, are not what was written.
    """
    try:
        raw = decode(codec, size, body)
    except ValueError as error:
        raise IntegrityError(id) from error
    if content_hash(kind, *meaning, raw) != hash:
        raise IntegrityError(id)
    return raw
