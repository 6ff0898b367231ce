"""Reading an export, or one file, into the store: checked first, in batches, and repeatable."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from selfd_daemon.feeds.opml import read_opml
from selfd_daemon.jobs import JobContext
from selfd_daemon.portability.exporting import FEEDS
from selfd_daemon.portability.manifest import check_manifest
from selfd_graphql.errors import ServiceError
from selfd_storage import (
    InvalidInputError,
    LineError,
    PortableKind,
    Store,
    cited_items,
    portable_kinds,
)

BATCH = 200
BATCH_BYTES = 8 << 20
MOST_OPML = 10 << 20


@dataclass(frozen=True, slots=True)
class _Line:
    """One object of a file, with its line's number from 1 and its size in bytes."""

    number: int
    content: Mapping[str, Any]
    size: int


async def import_from(
    store: Store, source: Path, settings: Path, job: JobContext, *, dry_run: bool
) -> dict[str, Any]:
    """Take in an export or a file; return what was new, merged with what was here, and known.

    Every batch is one transaction, and what is here is not taken in again: after a failure, mend
    the line that is named and do it once more.
    """
    files = await asyncio.to_thread(_files, source)
    run = await store.portable.begin(await asyncio.to_thread(_cited, files.get("conversations")))
    take = store.portable.known if dry_run else store.portable.put
    found: dict[str, Any] = {"path": str(source), "dry_run": dry_run}
    total, done = sum(path.stat().st_size for path in files.values()) or 1, 0
    for kind, path in files.items():
        counts: Counter[str] = Counter()
        lines = _lines(path)
        while batch := await asyncio.to_thread(_take, lines):
            try:
                counts.update(await take(kind, [line.content for line in batch], run))
            except LineError as error:
                raise _refusal(path, batch[error.place].number, str(error)) from error
            done += sum(line.size for line in batch)
            await job.report(done / total, f"{kind}: {counts.total():,} lines")
        found[kind] = {word: counts[word] for word in ("new", "merged", "known")}
    if source.is_dir() and (source / "settings.toml").is_file():
        found["settings"] = await asyncio.to_thread(_settings, source, settings, dry_run=dry_run)
    return found


def _files(source: Path) -> dict[PortableKind, Path]:
    """Return the file of each kind, in the order in which they are taken in."""
    if source.is_dir():
        names = check_manifest(source)
        paths = {kind: source / _name(kind) for kind in portable_kinds()}
        return {kind: path for kind, path in paths.items() if path.name in names}
    if source.suffix == ".opml":
        return {"feeds": source}
    if source.suffix in (".jsonl", ".ndjson"):
        return {"memories": source}
    raise ServiceError(
        "INVALID_INPUT",
        f"{str(source)!r} is neither a folder that selfd export wrote, nor a .jsonl of memories, "
        "nor a list of feeds (.opml)",
    )


def _name(kind: PortableKind) -> str:
    return FEEDS if kind == "feeds" else f"{kind}.jsonl"


def _cited(conversations: Path | None) -> frozenset[str]:
    """Return the ids that conversations cite, to be told what those items become here."""
    if conversations is None:
        return frozenset()
    ids: set[str] = set()
    for line in _lines(conversations):
        try:
            ids |= cited_items(line.content)
        except InvalidInputError as error:
            raise _refusal(conversations, line.number, str(error)) from error
    return frozenset(ids)


def _lines(path: Path) -> Iterator[_Line]:
    if path.suffix == ".opml":
        yield from _subscriptions(path)
        return
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                content = orjson.loads(raw)
            except orjson.JSONDecodeError as error:
                raise _refusal(path, number, f"it is no JSON ({error})") from error
            if not isinstance(content, dict):
                raise _refusal(path, number, "it is no JSON object")
            yield _Line(number, content, len(raw))


def _subscriptions(path: Path) -> Iterator[_Line]:
    size = path.stat().st_size
    if size > MOST_OPML:
        raise ServiceError("TOO_LARGE", f"{path.name} has {size:,} bytes, at most {MOST_OPML:,}")
    for number, feed in enumerate(read_opml(path.read_bytes()), start=1):
        added = feed.added_at.isoformat() if feed.added_at else None
        yield _Line(number, {"url": feed.url, "title": feed.title, "addedAt": added}, 0)


def _take(lines: Iterator[_Line]) -> Sequence[_Line]:
    """Return the next batch, short enough to be held in memory."""
    batch: list[_Line] = []
    size = 0
    for line in islice(lines, BATCH):
        batch.append(line)
        size += line.size
        if size >= BATCH_BYTES:
            break
    return batch


def _refusal(path: Path, number: int, reason: str) -> ServiceError:
    return ServiceError(
        "INVALID_INPUT",
        f"{path.name}, line {number}: {reason}; the batches before it are in, and doing it again "
        "takes nothing in twice",
    )


def _settings(source: Path, settings: Path, *, dry_run: bool) -> str:
    """Put settings.toml in its place if there is none; return what was done."""
    if settings.exists():
        return "left as they are"
    if not dry_run:
        shutil.copyfile(source / "settings.toml", settings)
        settings.chmod(0o600)
    return "taken over, from the next start on"
