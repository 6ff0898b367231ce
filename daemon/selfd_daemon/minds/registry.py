"""The minds that were added: kept in the store, built when they are first asked."""

from __future__ import annotations

import importlib.util
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.door import Mind
from selfd_daemon.minds.ensemble.mind import EnsembleMind
from selfd_daemon.minds.errors import MindFieldError
from selfd_daemon.minds.http.client import checked_base
from selfd_daemon.minds.http.mind import HttpMind
from selfd_daemon.minds.mlx.files import INSTALL, find_folder, read_files
from selfd_daemon.minds.mlx.mind import MlxMind
from selfd_daemon.minds.options import EnsembleOptions, HttpOptions, MlxOptions, read_options
from selfd_daemon.minds.room import ReadMemory
from selfd_storage import MindRecord, NewMind, NotFoundError, Store

LONGEST_NAME = 80  # characters
RESERVED = "builtin"


class Runnable(Mind, Protocol):
    """A mind with a life of its own: `load` and `unload` may be called at any time."""

    @property
    def loaded(self) -> bool: ...
    @property
    def parameters(self) -> float | None: ...
    async def load(self) -> None: ...
    async def unload(self) -> None: ...
    async def close(self) -> None: ...


FindAdapter: TypeAlias = Callable[[str], Awaitable[Path | None]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What minds are built with. adapter: gives the folder of the adapter that a mind is to use."""

    monotonic: Monotonic
    draw: Callable[[], int]
    memory: ReadMemory
    allow_hosts: Sequence[str] = ()
    offline: bool = False
    adapter: FindAdapter | None = None


class Registry:
    """Finds minds by their ids, and makes each of them once."""

    def __init__(self, store: Store, builtin: Mind, around: Surroundings) -> None:
        self._store = store
        self._builtin = builtin
        self._around = around
        self._made: dict[str, Runnable] = {}

    def made(self, id: str) -> Runnable | None:
        """Return a mind that was asked before, None for others."""
        return self._made.get(id)

    async def records(self) -> Sequence[MindRecord]:
        """Return what was added, oldest first."""
        return await self._store.minds.all()

    async def record(self, id: str) -> MindRecord:
        """Return one that can be asked.   Raises: NotFoundError."""
        record = await self._store.minds.get(id)
        if record is None or record.removed_at is not None:
            raise NotFoundError("mind", id)
        return record

    async def open(self, id: str) -> Runnable:
        """Return a mind.   Raises: NotFoundError: there is none of that id."""
        record = await self.record(id)
        if id not in self._made:
            self._made[id] = await self._make(record)
        return self._made[id]

    async def add(self, new: NewMind) -> MindRecord:
        """Keep a mind that could be built.

        Raises:
            MindError: what is wrong with its description, or its files.
            DuplicateError: there is one of that name.
        """
        name = new.name.strip()
        if not name or len(name) > LONGEST_NAME or name == RESERVED:
            raise MindFieldError(
                f"a mind's name has 1 to {LONGEST_NAME} characters and is not {RESERVED!r}, "
                f"got {new.name!r}"
            )
        await self._check(new.kind, new.model, new.options)
        return await self._store.minds.add(NewMind(name, new.kind, new.model, new.options))

    async def remove(self, id: str) -> bool:
        """Let go of a mind.   Raises: MindFieldError: an ensemble asks it."""
        for record in await self.records():
            if record.kind == "ENSEMBLE" and id in members_of(record.model):
                raise MindFieldError(
                    f"{id} is asked by the ensemble {record.name!r}: remove {record.id} first"
                )
        removed = await self._store.minds.remove(id)
        if mind := self._made.pop(id, None):
            await mind.close()
        return removed

    async def unload_idle(self) -> list[str]:
        """Unload what nobody has asked for long, and return which."""
        minds = [(id, mind) for id, mind in self._made.items() if isinstance(mind, MlxMind)]
        return [id for id, mind in minds if await mind.unload_if_idle()]

    async def close(self) -> None:
        """Close all that were made."""
        while self._made:
            _, mind = self._made.popitem()
            await mind.close()

    async def use_adapter(self, id: str, adapter: Path | None) -> None:
        """Let a mind that was made speak with another adapter; one's own choice stays."""
        mind, record = self._made.get(id), await self.record(id)
        if isinstance(mind, MlxMind) and read_options(MlxOptions, record.options).adapter is None:
            await mind.use_adapter(None if adapter is None else str(adapter))

    async def _adapted(self, record: MindRecord) -> MlxOptions:
        options = read_options(MlxOptions, record.options)
        if options.adapter is not None or self._around.adapter is None:
            return options
        found = await self._around.adapter(record.id)
        return replace(options, adapter=None if found is None else str(found))

    async def _check(self, kind: str, model: str, options: Mapping[str, Any]) -> None:
        if kind == "MLX":
            read_options(MlxOptions, options)
            if importlib.util.find_spec("mlx_lm") is None:
                raise MindFieldError(f"minds of the kind MLX need mlx-lm: {INSTALL}")
            read_files(find_folder(model))
        elif kind == "HTTP":
            read_options(HttpOptions, options)
            checked_base(model)
        elif kind == "ENSEMBLE":
            read_options(EnsembleOptions, options)
            await self._check_members(model)
        else:
            raise MindFieldError("the built-in mind is there already: add MLX, HTTP or ENSEMBLE")

    async def _check_members(self, model: str) -> None:
        ids = members_of(model)
        if len(set(ids)) < 2:
            raise MindFieldError(
                f"an ensemble has two members or more, got {model!r}: give their ids, by commas"
            )
        for id in ids:
            if id != _BUILTIN and (await self.record(id)).kind == "ENSEMBLE":
                raise MindFieldError(f"{id} is an ensemble itself: name its members instead")

    async def _make(self, record: MindRecord) -> Runnable:
        around = self._around
        if record.kind == "MLX":
            return MlxMind(
                record.name,
                record.model,
                await self._adapted(record),
                monotonic=around.monotonic,
                draw=around.draw,
                memory=around.memory,
            )
        if record.kind == "HTTP":
            return HttpMind(
                record.model,
                read_options(HttpOptions, record.options),
                allowed=around.allow_hosts,
                offline=around.offline,
                monotonic=around.monotonic,
            )
        return EnsembleMind(
            {
                id: self._builtin if id == _BUILTIN else await self.open(id)
                for id in members_of(record.model)
            },
            read_options(EnsembleOptions, record.options),
            track_records=self._store.minds.track_records,
            monotonic=around.monotonic,
            draw=around.draw,
        )


_BUILTIN = f"mind:{RESERVED}"


def members_of(model: str) -> list[str]:
    """Return the ids of an ensemble's members."""
    return [id.strip() for id in model.split(",") if id.strip()]
