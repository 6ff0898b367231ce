"""The adapters of each mlx-lm mind: a lineage like that of the weights, and which one is on.

The first generation of a mind is the model as it came, without an adapter. A promoted adapter is
switched on when its row is written; going back switches it off, or an earlier one on.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from selfd_daemon.nights.generations.gate import Verdict
from selfd_graphql.errors import ServiceError
from selfd_storage import CheckpointRecord, NewCheckpoint, Store

FILES = ("adapter_config.json", "adapters.safetensors")  # as mlx-lm loads them

log = structlog.get_logger(__name__)


class Adapters:
    """Keeps rows and folders of adapters in step; `switch` is told of each change."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._switch: Callable[[str, Path | None], Awaitable[None]] | None = None
        self._one_at_a_time = asyncio.Lock()

    def serves_through(self, switch: Callable[[str, Path | None], Awaitable[None]]) -> None:
        """Call `switch` with a mind's id and its adapter, or None, whenever another is to serve."""
        self._switch = switch

    async def serving(self, mind: str) -> Path | None:
        """Return the folder of the adapter that is on; where it is damaged, of a whole ancestor."""
        known = {each.id: each for each in await self._store.checkpoints.all(mind)}
        at = next((each for each in known.values() if each.active), None)
        while at is not None and at.file is not None:
            if await asyncio.to_thread(self._is_whole, at):
                return self._folder / at.file
            log.warning("adapter damaged", checkpoint=at.id, mind=mind)
            at = known.get(at.parent or "")
        return None

    async def active(self, mind: str, model: str) -> CheckpointRecord:
        """Return the generation that serves; `model` as it came is the first."""
        found = await self._store.checkpoints.active(mind)
        if found is not None:
            return found
        hash = hashlib.sha256(model.encode()).hexdigest()
        first = NewCheckpoint(None, None, hash, None, True, f"{model} as it came", mind=mind)
        return await self._store.checkpoints.add(first)

    async def adopt(
        self,
        candidate: Path,
        *,
        parent: CheckpointRecord,
        verdict: Verdict,
        figures: Mapping[str, Any],
        data_hash: str,
        items: Sequence[str],
    ) -> CheckpointRecord:
        """Write a candidate down; a promoted one is on when this returns."""
        async with self._one_at_a_time:
            hash = await asyncio.to_thread(hash_of, candidate)
            file = hash[:16] if verdict.promoted else None
            if file is not None:
                await asyncio.to_thread(_move, candidate, self._folder / file)
            record = await self._store.checkpoints.add(
                NewCheckpoint(
                    parent=parent.id,
                    origin="LORA",
                    hash=hash,
                    file=file,
                    promoted=verdict.promoted,
                    reason=verdict.reason,
                    before=figures["new"]["before"],
                    after=figures["new"]["after"],
                    data_hash=data_hash,
                    figures=figures,
                    items=items if verdict.promoted else (),
                    mind=parent.mind,
                )
            )
            if record.active:
                await self._switched(record)
            return record

    def path(self, record: CheckpointRecord) -> Path | None:
        """Return the folder of an adapter; None where it has none, or it is gone."""
        return None if record.file is None else self._folder / record.file

    async def take_in(
        self, new: NewCheckpoint, parent: str | None, adapter: Path | None
    ) -> CheckpointRecord:
        """Write down a generation that was made elsewhere, with its files; what is on stays on.

        Raises:
            ServiceError: the files are not those that it names.
        """
        async with self._one_at_a_time:
            file = None
            if adapter is not None:
                file = new.hash[:16]
                await asyncio.to_thread(_copy, adapter, self._folder / file, new.hash)
            new = replace(new, parent=parent, file=file)
            return await self._store.checkpoints.add(new, serve=False)

    async def rollback(self, record: CheckpointRecord) -> CheckpointRecord:
        """Switch an earlier adapter on again, or off what is on.

        Raises:
            ServiceError: it never served, or its files are gone.
        """
        async with self._one_at_a_time:
            if not record.promoted:
                raise ServiceError("INVALID_INPUT", f"{record.id} was rejected: {record.reason}")
            gone = record.file is None and record.parent is not None
            if gone or not await asyncio.to_thread(self._is_whole, record):
                raise ServiceError(
                    "CHECKPOINT_GONE", f"the adapter {record.id} is damaged or gone: choose another"
                )
            found = await self._store.checkpoints.activate(record.id)
            await self._switched(found)
            return found

    async def forget(self, items: Sequence[str]) -> None:
        """Remove every adapter that learned from these items, or from one that did."""
        tainted = await self._store.checkpoints.trained_on(items)
        known = [each for each in await self._store.checkpoints.every() if each.mind is not None]
        for each in known:  # parents come before their children
            if each.parent in tainted:
                tainted.add(each.id)
        gone = [each for each in known if each.id in tainted]
        by_id = {each.id: each for each in known}
        async with self._one_at_a_time:
            for each in (each for each in gone if each.active):
                clean = each
                while clean.id in tainted:
                    clean = by_id[clean.parent or ""]  # the first learned nothing
                await self._switched(await self._store.checkpoints.activate(clean.id))
                log.warning("adapter unlearned", checkpoint=each.id, instead=clean.id)
            for each in (each for each in gone if each.file is not None):
                await asyncio.to_thread(shutil.rmtree, self._folder / str(each.file), True)
            await self._store.checkpoints.let_go([each.id for each in gone])

    async def _switched(self, record: CheckpointRecord) -> None:
        if self._switch is not None and record.mind is not None:
            path = None if record.file is None else self._folder / record.file
            await self._switch(record.mind, path)

    def _is_whole(self, record: CheckpointRecord) -> bool:
        if record.file is None:
            return True
        try:
            return hash_of(self._folder / record.file) == record.hash
        except OSError:
            return False


def hash_of(adapter: Path) -> str:
    """Return the SHA-256 over an adapter's files.   Raises: OSError: one cannot be read."""
    digest = hashlib.sha256()
    for name in FILES:
        data = (adapter / name).read_bytes()
        digest.update(f"{name} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def _copy(source: Path, target: Path, hash: str) -> None:
    partial = target.with_name(f"{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    for name in FILES:
        try:
            shutil.copyfile(source / name, partial / name)
        except OSError as error:
            raise ServiceError("INVALID_INPUT", f"{source.name}/{name}: {error}") from error
    if hash_of(partial) != hash:
        shutil.rmtree(partial)
        raise ServiceError("INVALID_INPUT", f"{source.name} holds another adapter than is named")
    _move(partial, target)


def _move(source: Path, target: Path) -> None:
    """Bring a folder to its place and to the disk before anything points to it."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (*(source / name for name in FILES), source):
        place = os.open(path, os.O_RDONLY)
        try:
            os.fsync(place)
        finally:
            os.close(place)
    shutil.rmtree(target, ignore_errors=True)
    source.replace(target)
