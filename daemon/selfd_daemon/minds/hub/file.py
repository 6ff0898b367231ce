"""One file of the hub, fetched so that a drop, a full disk or Ctrl-C costs nothing that came.

What came lies in `HASH.part` beside the cache's blobs and is gone on with, also by another run: the
hub's own client throws a part away when it ends. A file takes its place only once its hash is the
one that the hub gave.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx2

from selfd_daemon.minds.errors import MindBusyError, MindPeerError, MindUnavailableError
from selfd_daemon.minds.room import size_text

CHUNK = 1 << 20  # bytes
ATTEMPTS = 5  # without a byte between them
SILENCE_SECONDS = 30.0
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # of git's blob, or of the bytes by SHA-256

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file on the hub. size: in bytes. hash: as the hub gives it, which names it in the cache."""

    name: str
    url: str
    size: int
    hash: str


def fetch_file(
    file: HubFile,
    blobs: Path,
    headers: Mapping[str, str],
    progress: Progress,
    *,
    pause: Callable[[float], None],
) -> None:
    """Bring a file into the cache's blobs.

    Args:
        progress: told how many of its bytes are here, again and again.

    Raises:
        MindError: it cannot be had, does not fit, or is not what the hub says it is.
    """
    if not _HASH.fullmatch(file.hash):
        raise MindPeerError(f"the hub gives {file.name!r} the hash {file.hash!r}, which is none")
    blobs.mkdir(parents=True, exist_ok=True)
    part = blobs / f"{file.hash}.part"
    try:
        with part.open("ab") as held:
            _lock(held, file)
            _all_of(file, held, headers, progress, pause)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise MindUnavailableError(
            f"the disk is full after {size_text(part.stat().st_size)} of {file.name}: make room "
            "and pull again, which goes on from there"
        ) from error
    found = _hash_of(part, file)
    if found != file.hash:
        part.unlink()
        raise MindUnavailableError(
            f"{file.name} came with the hash {found[:12]} where the hub says {file.hash[:12]}: "
            "it was thrown away, pull again"
        )
    part.replace(blobs / file.hash)


def _all_of(
    file: HubFile,
    held: BinaryIO,
    headers: Mapping[str, str],
    progress: Progress,
    pause: Callable[[float], None],
) -> None:
    """Read until the file is whole, going on after drops; bytes that came renew the patience."""
    failures = 0
    while held.tell() < file.size:
        before = held.tell()
        try:
            _some_of(file, held, headers, progress)
            problem = "it ended before its end"
        except httpx2.HTTPStatusError as error:
            raise MindPeerError(
                f"the hub refuses {file.name}: status {error.response.status_code}"
            ) from error
        except httpx2.HTTPError as error:
            problem = str(error) or type(error).__name__
        failures = 0 if held.tell() > before else failures + 1
        if failures >= ATTEMPTS:
            raise MindPeerError(
                f"the connection broke off {failures} times ({problem}); "
                f"{size_text(held.tell())} of {file.name} are here: pull again to go on from there"
            )
        if held.tell() < file.size:
            pause(min(8.0, 2.0**failures / 2))
    progress(file.size)


def _some_of(file: HubFile, held: BinaryIO, headers: Mapping[str, str], progress: Progress) -> None:
    asked = {**headers, "accept-encoding": "identity"}
    if held.tell():
        asked["range"] = f"bytes={held.tell()}-"
    with (
        httpx2.Client(follow_redirects=True, timeout=SILENCE_SECONDS) as client,
        client.stream("GET", file.url, headers=asked) as response,
    ):
        if response.status_code == 416:  # more is here than there: begin anew
            held.truncate(0)
            return
        response.raise_for_status()
        if response.status_code != 206:
            held.truncate(0)
        for data in response.iter_raw():
            if held.tell() + len(data) > file.size:
                raise httpx2.RemoteProtocolError(f"more than {file.size} bytes came")
            held.write(data)
            held.flush()
            progress(held.tell())


def _lock(held: BinaryIO, file: HubFile) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MindBusyError(
            f"{file.name} is being fetched by somebody else: wait for it"
        ) from error


def _hash_of(part: Path, file: HubFile) -> str:
    """Return the hash of what came, of the kind that the hub gave."""
    is_git = len(file.hash) == 40
    found = hashlib.sha1(usedforsecurity=False) if is_git else hashlib.sha256()
    if is_git:
        found.update(b"blob %d\0" % part.stat().st_size)
    with part.open("rb") as held:
        while data := held.read(CHUNK):
            found.update(data)
    return found.hexdigest()
