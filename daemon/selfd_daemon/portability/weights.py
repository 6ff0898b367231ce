"""The generations of the weights in an export: their lineage as lines, their files as they are.

Those of the built-in model are one file each; a mind's adapters are a folder each, and name it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from selfd_daemon.nights.generations.adapters import FILES, Adapters
from selfd_daemon.nights.generations.lineage import Lineage, hash_of
from selfd_graphql.errors import ServiceError
from selfd_storage import CheckpointRecord, NewCheckpoint, Store

LINES = "checkpoints.jsonl"
FOLDER = "checkpoints"


async def export_weights(
    store: Store, lineage: Lineage, adapters: Adapters, part: Path
) -> Mapping[str, int | None]:
    """Write every generation, and the files that are here; return the files and their lines."""
    names = {mind.id: mind.name for mind in await store.minds.all()}
    every = await store.checkpoints.every()
    known = [each for each in every if each.mind is None or each.mind in names]
    chains = {each.id: each.chain for each in known}
    lines: list[dict[str, Any]] = []
    rows: dict[str, int | None] = {}
    for each in known:
        file = None
        if each.mind is not None and (adapter := adapters.path(each)) is not None:
            file = f"{FOLDER}/{each.hash[:16]}"
            await asyncio.to_thread(shutil.copytree, adapter, part / file)
            rows |= {f"{file}/{name}": None for name in FILES}
        elif each.mind is None and (each.file is not None or each.active):
            file = f"{FOLDER}/{each.hash[:16]}.safetensors"
            (part / FOLDER).mkdir(exist_ok=True)
            await asyncio.to_thread(shutil.copyfile, lineage.path(each), part / file)
            rows[file] = None
        items = await store.checkpoints.learned_from(each.id)
        line = _line(each, chains.get(each.parent or ""), file, items)
        lines.append(line | {"mind": None if each.mind is None else names[each.mind]})
    (part / LINES).write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return {LINES: len(lines), **rows}


async def import_weights(
    store: Store,
    lineage: Lineage,
    adapters: Adapters,
    source: Path,
    items: Mapping[str, str],
    *,
    dry_run: bool,
) -> dict[str, int]:
    """Take in the generations that are not here, and let serve what served there.

    Args:
        items: what the memories, articles and passages of the export are called here.

    Raises:
        ServiceError: a line is no generation, or a file is not the one that its line names.
    """
    here = {(each.mind, each.chain): each for each in await store.checkpoints.every()}
    minds = {mind.name: mind.id for mind in await store.minds.all()}
    counts: Counter[str] = Counter()
    served: dict[str | None, str] = {}
    for number, raw in enumerate((source / LINES).read_bytes().splitlines(), start=1):
        new, chain, parent, file = _read(raw, number, items)
        name = orjson.loads(raw).get("mind")
        if name is not None and name not in minds:  # of a dry run: the mind itself would be new
            counts["new"] += 1
            continue
        mind = None if name is None else minds[name]
        if (mind, chain) in here:
            counts["known"] += 1
        else:
            counts["new"] += 1
            if not dry_run:
                on = here[mind, parent].id if parent is not None else None
                path = None if file is None else source / file
                here[mind, chain] = (
                    await lineage.take_in(new, on, path and await _whole(path, new.hash))
                    if mind is None
                    else await adapters.take_in(replace(new, mind=mind), on, path)
                )
        if orjson.loads(raw)["active"]:
            served[mind] = chain
    for mind, chain in served.items() if not dry_run else ():
        record = here[mind, chain]
        if record.active:
            continue
        if mind is None:
            await lineage.rollback(record.id)
        else:
            await adapters.rollback(record)
    return {word: counts[word] for word in ("new", "known")}


def learned_items(source: Path) -> set[str]:
    """Return the ids of what the generations of an export learned from."""
    found: set[str] = set()
    for raw in (source / LINES).read_bytes().splitlines():
        found |= set(orjson.loads(raw).get("learnedFrom", ()))
    return found


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
