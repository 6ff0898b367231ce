"""UnreadableError       a file cannot be read as a document; its message is the reason to show"""

from __future__ import annotations


class UnreadableError(Exception):
    """A file cannot be read as a document: it is skipped and listed with this reason."""


def too_large(size: int, limit: int) -> UnreadableError:
    """Make the error for a file over the limit; it names the setting."""
    return UnreadableError(f"{size} bytes, over the {limit} of documents.max_file_bytes")


def too_much_text(limit: int) -> UnreadableError:
    """Make the error for a file with more text than the limit; it names the setting."""
    return UnreadableError(f"holds more text than the {limit} bytes of documents.max_text_bytes")
