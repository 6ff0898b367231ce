"""One file into the log, and back onto the disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import Any

from selfd_storage.engram.blocks import Codes, bundle
from selfd_storage.engram.catalog import Changes, Description
from selfd_storage.engram.chunks import ChunkStore, cut
from selfd_storage.engram.log import Kind, Log
from selfd_storage.engram.terms import file_terms, slots_for
from selfd_storage.errors import EngramError


def write_file(log: Log, chunks: ChunkStore, changes: Changes, path: str, source: Path) -> Codes:
    """Append one file's chunks and record; return its terms."""
    try:
        data, status = source.read_bytes(), source.stat()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EngramError(f"cannot read {str(source)!r}: {reason}") from error
    terms = file_terms(path, data)
    meta = {
        "path": path,
        "size": len(data),
        "mode": status.st_mode & 0o777,
        "mtime_ns": status.st_mtime_ns,
        "sha256": hashlib.sha256(data).hexdigest(),
        "chunks": [chunks.put(piece, changes) for piece in cut(data)],
    }
    counts = bundle(terms, slots_for(len(terms)))
    payload = Description.of(meta, counts, is_folder=False).pack()
    changes.files[path] = log.append(Kind.FILE, payload)
    return terms


def folders_above(path: str) -> list[str]:
    """Return a path's folders, the project ("") last."""
    above = []
    while path:
        path = path.rpartition("/")[0]
        above.append(path)
    return above


def check_path(path: str) -> None:
    """Refuse a path that would leave the folder it is put in."""
    parts = PurePosixPath(path)
    if not path or parts.is_absolute() or ".." in parts.parts or "\0" in path or "\\" in path:
        raise EngramError(f"{path!r} is no path within a folder")


def write_out(target: Path, path: str, data: bytes, meta: dict[str, Any]) -> None:
    check_path(path)
    place = target / path
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.parent.resolve().is_relative_to(target.resolve()):
            raise EngramError(f"{path!r} would be written outside {str(target)!r} through a link")
        part = place.with_name(place.name + ".part")
        part.write_bytes(data)
        part.chmod(meta["mode"] & 0o777)
        os.utime(part, ns=(meta["mtime_ns"], meta["mtime_ns"]))
        part.replace(place)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EngramError(f"cannot write {str(place)!r}: {reason}") from error
