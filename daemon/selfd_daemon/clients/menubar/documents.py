"""The documents that the menu bar sends: what its token may do, and nothing else."""

from __future__ import annotations

import hashlib

from selfd_graphql.operations import document

NAMES = (
    "events",
    "generate",
    "job",
    "job_progress",
    "jobs",
    "journal",
    "pause_nights",
    "remember",
    "status",
    "thoughts",
    "tonight",
)


def digest(text: str) -> bytes:
    """Return what stands for the exact text of a document."""
    return hashlib.sha256(text.encode()).digest()


def digests() -> frozenset[bytes]:
    """Return the digest of each document that the menu bar sends."""
    return frozenset(digest(document(name)) for name in NAMES)
