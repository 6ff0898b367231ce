"""daemon.json: where the running daemon listens, for the clients on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from selfd_daemon.paths import unusable


@dataclass(frozen=True, slots=True)
class Announcement:
    """What daemon.json says."""

    pid: int
    url: str
    graphql: str
    version: str
    started_at: datetime


@contextlib.contextmanager
def announced(path: Path, announcement: Announcement) -> Iterator[None]:
    """Have `path` say where we listen for the time of the block.

    Raises:
        DataFolderError: it cannot be written.
    """
    content: dict[str, Any] = {
        "pid": announcement.pid,
        "url": announcement.url,
        "graphql": announcement.graphql,
        "version": announcement.version,
        "startedAt": announcement.started_at.isoformat(),
    }
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(orjson.dumps(content))
        part.replace(path)
    except OSError as error:  # without the file no client would find us
        raise unusable(path.parent, error) from error
    try:
        yield
    finally:
        # A read-only disk must not keep the daemon from stopping; doctor finds what is left.
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def read_announcement(path: Path) -> Announcement | None:
    """Return what `path` says, or None where there is nothing or nothing that makes sense."""
    try:
        content = orjson.loads(path.read_bytes())
        return Announcement(
            pid=int(content["pid"]),
            url=str(content["url"]),
            graphql=str(content["graphql"]),
            version=str(content["version"]),
            started_at=datetime.fromisoformat(content["startedAt"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
