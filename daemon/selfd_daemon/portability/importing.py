"""Reading an export, or one file, into the store: checked first, in batches, and repeatable."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from selfd_daemon.feeds.parsing.opml import read_opml
from selfd_daemon.jobs import JobContext
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.portability.exporting import FEEDS
from selfd_daemon.portability.lines import Line, Part, refusal
from selfd_daemon.portability.manifest import NAME as MANIFEST
from selfd_daemon.portability.manifest import check_manifest
from selfd_daemon.portability.sources import recognised
from selfd_daemon.portability.weights import LINES as WEIGHTS
from selfd_daemon.portability.weights import import_weights, learned_items
from selfd_graphql.errors import ServiceError
from selfd_storage import (
    InvalidInputError,
    LineError,
    PortableKind,
    Store,
    cited_items,
    cited_memories,
    portable_kinds,
)

_CITING: Mapping[PortableKind, Callable[[Mapping[str, Any]], set[str]]] = {
    "conversations": cited_items,
    "reflections": cited_memories,
}
BATCH = 200
BATCH_BYTES = 8 << 20
MOST_OPML = 10 << 20


async def import_from(
    store: Store,
    lineage: Lineage,
    adapters: Adapters,
    source: Path,
    settings: Path,
    job: JobContext,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    """Take in an export, ours or another program's; return what was new, merged and known here.

    Every batch is one transaction, and what is here is not taken in again: after a failure, mend
    the line that is named and do it once more.
    """
    parts = await asyncio.to_thread(_parts, source)
    weights = (source / MANIFEST).is_file() and (source / WEIGHTS).is_file()
    cited = await asyncio.to_thread(_cited, parts)
    cited |= await asyncio.to_thread(learned_items, source) if weights else set()
    run = await store.portable.begin(cited)
    take = store.portable.known if dry_run else store.portable.put
    found: dict[str, Any] = {"path": str(source), "dry_run": dry_run}
    total, done = sum(part.size for part in parts) or 1, 0
    counts: dict[str, Counter[str]] = {}
    for part in parts:
        here = counts.setdefault(part.kind, Counter())
        lines = part.lines()
        while batch := await asyncio.to_thread(_take, lines):
            try:
                here.update(await take(part.kind, [line.content for line in batch], run))
            except LineError as error:
                raise refusal(part.name, batch[error.place].number, str(error)) from error
            done += sum(line.size for line in batch)
            share = min(1.0, done / total)
            await job.report(share, f"{part.kind} of {part.name}: {here.total():,} lines")
        found[part.kind] = {word: here[word] for word in ("new", "merged", "known")}
    if weights:
        found["checkpoints"] = await import_weights(
            store, lineage, adapters, source, run.items, dry_run=dry_run
        )
    if (source / MANIFEST).is_file() and (source / "settings.toml").is_file():
        found["settings"] = await asyncio.to_thread(_settings, source, settings, dry_run=dry_run)
    total_of = sum(counts.values(), Counter())
    would = " would be" if dry_run else ""
    await job.report(1.0, f"{total_of['new']:,}{would} new, {total_of['known']:,} here already")
    return found


def _parts(source: Path) -> Sequence[Part]:
    """Return what is to be taken in, in its order."""
    if any((source / name).is_file() for name in (MANIFEST, *map(_name, portable_kinds()))):
        names = check_manifest(source)
        paths = {kind: source / _name(kind) for kind in portable_kinds()}
        return [_part(kind, path) for kind, path in paths.items() if path.name in names]
    if source.suffix == ".opml":
        return [_part("feeds", source)]
    if source.suffix in (".jsonl", ".ndjson"):
        return [_part("memories", source)]
    found = recognised(source)
    if not found:
        raise ServiceError(
            "INVALID_INPUT",
            f"{str(source)!r} is nothing that can be imported: it takes a folder that selfd export "
            "wrote, a .jsonl of memories, a list of feeds (.opml), memories of mem0 (.json), a "
            "folder of Chroma, conversations of ChatGPT or Claude (.zip or conversations.json), or "
            "a folder of notes (.txt, .md, .html)",
        )
    return found


def _part(kind: PortableKind, path: Path) -> Part:
    return Part(kind, path.name, path.stat().st_size, lambda: _lines(path))


def _name(kind: PortableKind) -> str:
    return FEEDS if kind == "feeds" else f"{kind}.jsonl"


def _cited(parts: Sequence[Part]) -> frozenset[str]:
    """Return the ids that lines cite, to be told what they become here."""
    ids: set[str] = set()
    for part in parts:
        for line in part.lines() if part.kind == "journal" else ():
            about = line.content.get("about")
            ids |= {id for id in about if isinstance(id, str)} if isinstance(about, list) else set()
        for line in part.lines() if part.kind in _CITING else ():
            try:
                ids |= _CITING[part.kind](line.content)
            except InvalidInputError as error:
                raise refusal(part.name, line.number, str(error)) from error
    return frozenset(ids)


def _lines(path: Path) -> Iterator[Line]:
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
                raise refusal(path.name, number, f"it is no JSON ({error})") from error
            if not isinstance(content, dict):
                raise refusal(path.name, number, "it is no JSON object")
            yield Line(number, content, len(raw))


def _subscriptions(path: Path) -> Iterator[Line]:
    size = path.stat().st_size
    if size > MOST_OPML:
        raise ServiceError("TOO_LARGE", f"{path.name} has {size:,} bytes, at most {MOST_OPML:,}")
    for number, feed in enumerate(read_opml(path.read_bytes()), start=1):
        added = feed.added_at.isoformat() if feed.added_at else None
        yield Line(number, {"url": feed.url, "title": feed.title, "addedAt": added}, 0)


def _take(lines: Iterator[Line]) -> Sequence[Line]:
    """Return the next batch, short enough to be held in memory."""
    batch: list[Line] = []
    size = 0
    for line in islice(lines, BATCH):
        batch.append(line)
        size += line.size
        if size >= BATCH_BYTES:
            break
    return batch


def _settings(source: Path, settings: Path, *, dry_run: bool) -> str:
    """Put settings.toml in its place if there is none; return what was done."""
    if settings.exists():
        return "left as they are"
    if not dry_run:
        shutil.copyfile(source / "settings.toml", settings)
        settings.chmod(0o600)
    return "taken over, from the next start on"
