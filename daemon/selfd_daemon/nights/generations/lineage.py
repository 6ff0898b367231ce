"""The generations of the built-in model: which one serves, which came from which, and the way back.

A candidate's file is moved into `checkpoints/` and flushed before its row is written, and the row
decides what serves. So whenever the process dies, what serves is a whole file.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from selfd_graphql.errors import ServiceError
from selfd_storage import CheckpointRecord, JobKind, NewCheckpoint, NotFoundError, Store
from selfd_storage.working.checkpoints import chained

KEPT = 8  # promoted generations whose files stay; 11 MB each

log = structlog.get_logger(__name__)


class Lineage:
    """Keeps rows and files of the generations in step; `serve` is told of each change."""

    def __init__(self, store: Store, folder: Path, shipped: Path) -> None:
        self._store = store
        self._folder = folder
        self._shipped = shipped
        self._serve: Callable[[], Awaitable[None]] | None = None
        self._warning: str | None = None
        self.serving = shipped  # the file that serves
        self._one_at_a_time = asyncio.Lock()

    def serves_through(self, swap: Callable[[], Awaitable[None]]) -> None:
        """Call `swap` whenever another generation is to serve."""
        self._serve = swap

    def problems(self) -> Sequence[str]:
        """Return what the owner should know about the weights."""
        return [self._warning] if self._warning else []

    async def begin(self) -> CheckpointRecord:
        """Write down the weights that ship, if they are new, and return what serves."""
        found = await self._begin()
        self.serving = self.path(found)
        return found

    async def _begin(self) -> CheckpointRecord:
        hash = await asyncio.to_thread(hash_of, self._shipped)
        known = await self._store.checkpoints.all()
        if not any(each.parent is None and each.hash == hash for each in known):
            root = NewCheckpoint(None, None, hash, None, True, "ships with selfd")
            return await self._store.checkpoints.add(root)
        return await self._whole_active(known)

    async def _whole_active(self, known: Sequence[CheckpointRecord]) -> CheckpointRecord:
        """Return what serves; where its file is damaged or gone, its nearest whole ancestor."""
        found = next((each for each in known if each.active), known[-1])
        while not await asyncio.to_thread(self._is_whole, found):
            damaged, found = found, _parent(known, found)
            log.warning("checkpoint damaged", checkpoint=damaged.id, instead=found.id)
            self._warning = (
                f"the weights of {damaged.id} are damaged or gone: {found.id} serves instead"
            )
        return found if found.active else await self._store.checkpoints.activate(found.id)

    def _is_whole(self, record: CheckpointRecord) -> bool:
        try:
            return hash_of(self.path(record)) == record.hash
        except (OSError, ValueError, ServiceError):
            return record.parent is None  # nothing stands behind what ships

    async def active(self) -> CheckpointRecord:
        """Return the generation that serves."""
        return await self._store.checkpoints.active() or await self.begin()

    async def all(self) -> list[CheckpointRecord]:
        """Return every generation, oldest first."""
        return await self._store.checkpoints.all()

    def path(self, record: CheckpointRecord) -> Path:
        """Return where a generation lies.   Raises: ServiceError: its file is gone."""
        if record.parent is None and record.file is None:
            return self._shipped
        if record.file is None:
            raise ServiceError("CHECKPOINT_GONE", f"the weights of {record.id} are not kept")
        return self._folder / record.file

    async def adopt(
        self,
        candidate: Path,
        *,
        parent: CheckpointRecord,
        origin: JobKind,
        promoted: bool,
        reason: str,
        figures: Mapping[str, Any],
        data_hash: str,
        items: Sequence[str],
    ) -> CheckpointRecord:
        """Write a candidate down; a promoted one serves when this returns."""
        async with self._one_at_a_time:
            hash = await asyncio.to_thread(hash_of, candidate)
            file = f"{hash[:16]}.safetensors" if promoted else None
            if file is not None:
                await asyncio.to_thread(_move, candidate, self._folder / file)
            new = figures.get("new", {})
            record = await self._store.checkpoints.add(
                NewCheckpoint(
                    parent=parent.id,
                    origin=origin,
                    hash=hash,
                    file=file,
                    promoted=promoted,
                    reason=reason,
                    before=new.get("before"),
                    after=new.get("after"),
                    data_hash=data_hash,
                    figures=figures,
                    items=items if promoted else (),
                )
            )
            if promoted:
                await self._swap()
                await self._let_old_ones_go()
            return record

    async def take_in(
        self, new: NewCheckpoint, parent: str | None, weights: Path | None
    ) -> CheckpointRecord:
        """Write down a generation that was made elsewhere, with its file; what serves stays."""
        async with self._one_at_a_time:
            file = None
            if weights is not None:
                file = f"{new.hash[:16]}.safetensors"
                self._folder.mkdir(mode=0o700, exist_ok=True)
                copy = self._folder / f"{file}.part"
                await asyncio.to_thread(shutil.copyfile, weights, copy)
                await asyncio.to_thread(_move, copy, self._folder / file)
            new = replace(new, parent=parent, file=file)
            return await self._store.checkpoints.add(new, serve=False)

    async def rollback(self, id: str) -> CheckpointRecord:
        """Let an earlier generation serve again, to the bit as it was.

        Raises:
            NotFoundError: there is no such generation.
            ServiceError: it never served, or its file is gone.
        """
        async with self._one_at_a_time:
            found = next((each for each in await self.all() if each.id == id), None)
            if found is None:
                raise NotFoundError("checkpoint", id)
            if not found.promoted:
                raise ServiceError("INVALID_INPUT", f"{id} was rejected: {found.reason}")
            if not await asyncio.to_thread(self._is_whole, found):
                raise ServiceError(
                    "CHECKPOINT_GONE", f"the weights of {id} are damaged or gone: choose another"
                )
            record = await self._store.checkpoints.activate(id)
            await self._swap()
            return record

    async def forget(self, items: Sequence[str]) -> CheckpointRecord | None:
        """Remove every generation that learned from these items, or from one that did.

        Returns: the generation that serves instead, if the one that served had to go.
        """
        tainted = await self._store.checkpoints.trained_on(items)
        if not tainted:
            return None
        async with self._one_at_a_time:
            known = await self.all()
            for each in known:  # parents come before their children
                if each.parent in tainted:
                    tainted.add(each.id)
            active = next(each for each in known if each.active)
            clean = active
            while clean.id in tainted:
                clean = _parent(known, clean)
            if clean.id != active.id:
                await self._store.checkpoints.activate(clean.id)
                await self._swap()
                self._warning = (
                    f"{active.id} had learned from what you have forgotten: {clean.id} serves "
                    "again, and the next night learns anew from what is left"
                )
            await self._remove([each for each in known if each.id in tainted])
        return clean if clean.id != active.id else None

    async def _swap(self) -> None:
        """Let what the store calls active serve, from this moment on."""
        self.serving = self.path(await self.active())
        if self._serve is not None:
            await self._serve()

    async def _let_old_ones_go(self) -> None:
        """Keep the files of the newest promoted generations, and of the one that serves."""
        known = [each for each in await self.all() if each.file is not None]
        await self._remove([each for each in known[:-KEPT] if not each.active])

    async def _remove(self, records: Sequence[CheckpointRecord]) -> None:
        for record in records:
            if record.file is not None:
                (self._folder / record.file).unlink(missing_ok=True)
        await self._store.checkpoints.let_go([each.id for each in records])


def hash_of(path: Path) -> str:
    """Return the SHA-256 that a checkpoint's header has, without reading its arrays.

    Raises: OSError, ValueError: the file cannot be read, or is shorter than its header says.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > 1 << 24:
            raise ValueError(f"{path.name} is no checkpoint")
        header = json.loads(file.read(length))
    metadata = header.pop("__metadata__", {})
    end = max((int(each["data_offsets"][1]) for each in header.values()), default=0)
    if path.stat().st_size != 8 + length + end or "sha256" not in metadata:
        raise ValueError(f"{path.name} is cut short or no checkpoint")
    return str(metadata["sha256"])


def verified(known: Sequence[CheckpointRecord]) -> bool:
    """Tell whether every chain adds up from its root."""
    chains = {each.id: each.chain for each in known}
    return all(
        each.chain == chained(chains.get(each.parent or "", ""), each.hash) for each in known
    )


def _parent(known: Sequence[CheckpointRecord], child: CheckpointRecord) -> CheckpointRecord:
    return next(each for each in known if each.id == child.parent)


def _move(source: Path, target: Path) -> None:
    """Bring a file to its place and to the disk before anything points to it."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
