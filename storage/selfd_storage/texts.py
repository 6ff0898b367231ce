"""Text on its way in: what the store accepts, and when two texts count as the same."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

from selfd_storage.errors import InvalidInputError

MAX_TEXT_BYTES = 16 * 1024 * 1024
MAX_LABEL_BYTES = 4096


def checked_text(text: str, what: str, limit: int = MAX_TEXT_BYTES) -> bytes:
    """Return the UTF-8 bytes of a text that may be stored; `what` names it in the error."""
    if not text.strip():
        raise InvalidInputError(f"the {what} is empty: give it at least one visible character")
    return checked_bytes(text, what, limit)


def checked_bytes(text: str, what: str, limit: int = MAX_TEXT_BYTES) -> bytes:
    """Return the UTF-8 bytes of a text that may be empty."""
    try:
        raw = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"the {what} is not valid Unicode: a lone surrogate at character {error.start}"
        ) from error
    if len(raw) > limit:
        raise InvalidInputError(
            f"the {what} has {len(raw)} bytes, the limit is {limit}: shorten it"
        )
    return raw


def checked_label(text: str, what: str) -> str:
    """Return a short name, such as a tag or a source, without the blanks around it."""
    checked_text(text, what, MAX_LABEL_BYTES)
    return text.strip()


def storable(text: str) -> str:
    """Return a text of ours, such as a message with a file's name, with stray bytes spelt out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def normalised(text: str) -> str:
    """Return the form in which equal texts are equal: composed, case-folded, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def fingerprint(*parts: str, size: int) -> int:
    """Return a signed hash of `size` bytes over normalised parts; a match must be verified."""
    digest = blake2b("\x1f".join(map(normalised, parts)).encode("utf-8"), digest_size=size)
    return int.from_bytes(digest.digest(), "big", signed=True)
