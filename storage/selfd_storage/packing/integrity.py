"""Content hashes: SQLite does not notice a flipped bit in a text, so rows that matter carry a hash.

The hash is over the raw text and the columns that give it its meaning, never over its packed form,
so that a row may be packed anew and still be checked against what was first written.
"""

from __future__ import annotations

from hashlib import blake2b

HASH_BYTES = 16


def content_hash(kind: str, *parts: bytes | str | int | None) -> bytes:
    """Return the hash of a row of `kind`; every part is hashed with its type and length."""
    digest = blake2b(digest_size=HASH_BYTES, person=kind.encode("ascii"))
    for part in parts:
        if isinstance(part, str):
            part = part.encode("utf-8")
        if isinstance(part, bytes):
            digest.update(b"b%d:" % len(part) + part)
        else:
            digest.update(b"n:" if part is None else b"i%d:" % part)
    return digest.digest()
