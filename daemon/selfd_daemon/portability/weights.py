"""The generations of the weights in an export: their lineage as lines, their files as they are."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from selfd_daemon.nights.lineage import Lineage, hash_of
from selfd_graphql.errors import ServiceError
from selfd_storage import CheckpointRecord, NewCheckpoint, Store

LINES = "checkpoints.jsonl"
FOLDER = "checkpoints"


async def export_weights(store: Store, lineage: Lineage, part: Path) -> Mapping[str, int | None]:
    """Write every generation, and the files that are here; return the files and their lines."""
    known = await store.checkpoints.all()
    chains = {each.id: each.chain for each in known}
    lines: list[dict[str, Any]] = []
    rows: dict[str, int | None] = {}
    for each in known:
        file = f"{FOLDER}/{each.hash[:16]}.safetensors" if _kept(each) else None
        if file is not None:
            (part / FOLDER).mkdir(exist_ok=True)
            await asyncio.to_thread(shutil.copyfile, lineage.path(each), part / file)
            rows[file] = None
        parent = chains.get(each.parent or "")
        lines.append(_line(each, parent, file, await store.checkpoints.learned_from(each.id)))
    (part / LINES).write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return {LINES: len(lines), **rows}


async def import_weights(
    store: Store, lineage: Lineage, source: Path, items: Mapping[str, str], *, dry_run: bool
) -> dict[str, int]:
    """Take in the generations that are not here, and let serve what served there.

    Args:
        items: what the memories, articles and passages of the export are called here.

    Raises:
        ServiceError: a line is no generation, or a file is not the one that its line names.
    """
    here = {each.chain: each for each in await store.checkpoints.all()}
    counts: Counter[str] = Counter()
    served: str | None = None
    for number, raw in enumerate((source / LINES).read_bytes().splitlines(), start=1):
        new, chain, parent, file = _read(raw, number, items)
        if chain in here:
            counts["known"] += 1
        else:
            counts["new"] += 1
            if not dry_run:
                weights = None if file is None else await _whole(source / file, new.hash)
                on = here[parent].id if parent is not None else None
                here[chain] = await lineage.take_in(new, on, weights)
        served = chain if orjson.loads(raw)["active"] else served
    if served is not None and not dry_run and not here[served].active:
        await lineage.rollback(here[served].id)
    return {word: counts[word] for word in ("new", "known")}


def learned_items(source: Path) -> set[str]:
    """Return the ids of what the generations of an export learned from."""
    found: set[str] = set()
    for raw in (source / LINES).read_bytes().splitlines():
        found |= set(orjson.loads(raw).get("learnedFrom", ()))
    return found


def _kept(record: CheckpointRecord) -> bool:
    return record.file is not None or record.active


def _line(
    record: CheckpointRecord, parent: str | None, file: str | None, items: list[str]
) -> dict[str, Any]:
    return {
        "chain": record.chain,
        "parent": parent,  # its chain: ids are of one data folder
        "hash": record.hash,
        "file": file,
        "createdAt": record.created_at.isoformat(),
        "origin": record.origin,
        "before": record.before,
        "after": record.after,
        "promoted": record.promoted,
        "active": record.active,
        "reason": record.reason,
        "dataHash": record.data_hash,
        "figures": dict(record.figures),
        "learnedFrom": items,
    }


def _read(
    raw: bytes, number: int, items: Mapping[str, str]
) -> tuple[NewCheckpoint, str, str | None, str | None]:
    """Read a line: the generation, its chain, its parent's chain, its file."""
    try:
        line = orjson.loads(raw)
        new = NewCheckpoint(
            parent=None,
            origin=line["origin"],
            hash=line["hash"],
            file=None,
            promoted=line["promoted"],
            reason=line["reason"],
            before=line["before"],
            after=line["after"],
            data_hash=line["dataHash"],
            figures=line["figures"],
            items=[items[id] for id in line["learnedFrom"] if id in items],
            created_at=datetime.fromisoformat(line["createdAt"]),
        )
        return new, line["chain"], line["parent"], line["file"]
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceError(
            "INVALID_LINE", f"{LINES} line {number} is no generation of weights: {error!r}"
        ) from error


async def _whole(file: Path, hash: str) -> Path:
    try:
        found = await asyncio.to_thread(hash_of, file)
    except (OSError, ValueError) as error:
        raise ServiceError("INVALID_INPUT", f"{file.name}: {error}") from error
    if found != hash:
        raise ServiceError("INVALID_INPUT", f"{file.name} holds other weights than {LINES} names")
    return file
