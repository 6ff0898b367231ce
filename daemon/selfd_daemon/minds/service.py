"""The minds that can be asked: the built-in one and those that were added, by their ids."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from selfd_daemon.clock import Monotonic, Now, utc_now
from selfd_daemon.host.local import this_host
from selfd_daemon.host.state import Host
from selfd_daemon.minds.builtin.mind import BuiltinMind, refuse_long
from selfd_daemon.minds.builtin.shipped import BUILTIN_MIND, load_embedder, load_model
from selfd_daemon.minds.door import Delta, Ended, Message, Mind, Priority, Request
from selfd_daemon.minds.errors import MindFieldError, MindPeerError
from selfd_daemon.minds.hub.catalogue import backend_here, fetched, recommend
from selfd_daemon.minds.registry import FindAdapter, Registry, Runnable, Surroundings
from selfd_daemon.minds.room import ReadMemory, read_memory
from selfd_daemon.settings import MindSettings
from selfd_graphql.ports import (
    BenchInfo,
    EmbeddedBy,
    Finished,
    Generation,
    MindInfo,
    MindKind,
    Prompt,
    RecommendationInfo,
    ScoreInfo,
    TextPiece,
)
from selfd_storage import MindRecord, NewMind, NotFoundError, Store

if TYPE_CHECKING:
    from selfd_models.builtin import BuiltinModel
    from selfd_models.embedding.embedder import Embedder

log = structlog.get_logger(__name__)

IDLE_CHECK_SECONDS = 30.0
BENCH_BYTES = 256
BENCH_PROMPT = "Tell what a lighthouse is for, and who used to live in one."
MEASURED_BYTES = 32  # of an answer, before its speed says anything
_DEFAULT = "minds.default"


class MindService:
    """Implements `selfd_graphql.ports.MindPort`; models are loaded when they are first needed."""

    def __init__(
        self,
        store: Store,
        settings: MindSettings | None = None,
        *,
        offline: bool = False,
        model: Callable[[], BuiltinModel] = load_model,
        embedder: Callable[[], Embedder] = load_embedder,
        memory: ReadMemory = read_memory,
        host: Host | None = None,
        now: Now = utc_now,
        monotonic: Monotonic = time.monotonic,
        draw: Callable[[], int] = lambda: secrets.randbits(32),
        adapter: FindAdapter | None = None,
    ) -> None:
        self._store = store
        self._builtin = BuiltinMind(model=model, embedder=embedder, monotonic=monotonic, draw=draw)
        self._host = host or this_host(store.folder)
        self._now = now
        around = Surroundings(
            monotonic, draw, memory, (settings or MindSettings()).allow_hosts, offline, adapter
        )
        self._registry = Registry(store, self._builtin, around)
        self._speed: float | None = None
        self._default: str | None = None

    async def close(self) -> None:
        """Take no more work, and wait a little for what is being worked on."""
        await self._registry.close()
        await self._builtin.close()

    async def run(self) -> None:
        """Unload minds that nobody asks, for as long as the daemon runs."""
        while True:
            await asyncio.sleep(IDLE_CHECK_SECONDS)
            for id in await self._registry.unload_idle():
                log.info("mind unloaded", mind=id)

    async def minds(self) -> Sequence[MindInfo]:
        """Return every mind, the default one first."""
        default = await self._default_id()
        found = [self._told_builtin(default)]
        found += [self._told(record, default) for record in await self._registry.records()]
        return sorted(found, key=lambda mind: not mind.is_default)

    async def mind(self, id: str) -> MindInfo | None:
        """Return one mind, a removed one too; None when there never was one of that id."""
        default = await self._default_id()
        if id == BUILTIN_MIND.id:
            return self._told_builtin(default)
        record = await self._store.minds.get(id)
        return None if record is None else self._told(record, default)

    async def default(self) -> MindInfo:
        """Return the mind that answers whenever none is named."""
        id = await self._default_id()
        return self._told_builtin(id) if id == BUILTIN_MIND.id else await self._known(id)

    async def open(self, id: str | None = None) -> Mind:
        """Return the door to a mind, or to the default one.

        Raises:
            NotFoundError: there is no mind of that id.
        """
        return await self._runnable(id or await self._default_id())

    async def add(
        self, *, name: str, kind: MindKind, model: str, options: Mapping[str, Any]
    ) -> MindInfo:
        """Keep a mind; nothing is loaded yet.   Raises: MindError, DuplicateError."""
        if kind == "BUILTIN":
            raise MindFieldError("the built-in mind is there already: add MLX, HTTP or ENSEMBLE")
        record = await self._registry.add(NewMind(name, kind, model.strip(), options))
        return self._told(record, await self._default_id())

    async def remove(self, id: str) -> bool:
        """Let go of a mind; if it was the default one, the built-in one is again."""
        if id == BUILTIN_MIND.id:
            raise MindFieldError("the built-in mind is part of selfd and stays")
        removed = await self._registry.remove(id)
        if removed and await self._default_id() == id:
            await self._be_default(BUILTIN_MIND.id)
        return removed

    async def set_default(self, id: str) -> MindInfo:
        """Let a mind answer whenever none is named.   Raises: NotFoundError."""
        if id != BUILTIN_MIND.id:
            await self._registry.record(id)
        await self._be_default(id)
        return await self._known(id)

    async def load(self, id: str) -> MindInfo:
        """Load a mind now.   Raises: MindError: it cannot be; NotFoundError."""
        mind = await self._runnable(id)
        await mind.load()
        await self._measured(id, parameters=mind.parameters)
        return await self._known(id)

    async def unload(self, id: str) -> MindInfo:
        """Give a mind's memory back until it is asked again.   Raises: NotFoundError."""
        await (await self._runnable(id)).unload()
        return await self._known(id)

    async def bench(self, id: str) -> BenchInfo:
        """Measure a mind on this machine and keep its speed.   Raises: MindError, NotFoundError."""
        mind = await self._runnable(id)
        await mind.load()
        ended = await self._asked(mind, BENCH_BYTES)
        await self._measured(
            id, parameters=mind.parameters, bytes_per_second=ended.bytes_per_second
        )
        return BenchInfo(
            mind=await self._known(id),
            bytes=ended.bytes,
            first_byte_seconds=ended.first,
            seconds=ended.seconds,
            bytes_per_second=ended.bytes_per_second,
        )

    async def recommended(self) -> Sequence[RecommendationInfo]:
        """Say what this machine can run, the most able first, and why."""
        records = await self._registry.records()
        speeds = {record.model: record.bytes_per_second for record in records}
        measured = {model: speed for model, speed in speeds.items() if speed is not None}
        host = await asyncio.to_thread(self._host.sample, self._now())
        present = await asyncio.to_thread(fetched)
        return recommend(host, measured, present, backend_here(host))

    async def renew_builtin(self) -> None:
        """Let the built-in mind serve other weights from now on, without a restart."""
        await self._builtin.renew()

    async def use_adapter(self, id: str, adapter: Path | None) -> None:
        """Let a mind of mlx-lm speak with another adapter, or with none, from the next text on."""
        with suppress(NotFoundError):  # it was removed meanwhile
            await self._registry.use_adapter(id, adapter)

    async def score(self, text: str) -> ScoreInfo:
        """Say how well the built-in model predicts a text, piece by piece.

        Raises:
            MindLimitError: it is over 1 MiB, which takes minutes; more is scored in parts.
        """
        refuse_long(text, "the text", "score it in parts")
        return await self._builtin.score(text)

    async def surprise(self, text: str) -> float:
        """Return the bits per byte that the built-in model needs for a text, when it has time."""
        return (await self._builtin.score(text, priority=Priority.NIGHT)).bits_per_byte

    async def embed(
        self, texts: Sequence[str], *, by: EmbeddedBy = "WORDS"
    ) -> Sequence[Sequence[float]]:
        """Return a vector of unit length for each text."""
        if by == "LATENT":
            return await self._builtin.embed_by_latent(texts)
        return await self._builtin.embed(texts)

    async def patches(self, text: str) -> Sequence[str]:
        """Return the patches that the built-in model reads a text in.   Raises: MindLimitError."""
        refuse_long(text, "the text", "cut it in parts")
        return await self._builtin.patches(text)

    async def complete(self, prompt: Prompt) -> AsyncGenerator[Generation, None]:
        """Continue a text; closing this stops the model before its next byte."""
        id = prompt.mind_id or await self._default_id()
        mind = await self._runnable(id)
        request = Request(
            (Message("user", prompt.text),),
            max_bytes=prompt.max_bytes,
            temperature=prompt.temperature,
            seed=prompt.seed,
            raw=True,
            speculative=prompt.speculative,
        )
        async with aclosing(mind.generate(request)) as events:
            async for event in events:
                if isinstance(event, Delta):
                    yield TextPiece(event.text)
                else:
                    if event.error is not None:
                        raise MindPeerError(event.error)
                    if event.bytes >= MEASURED_BYTES:
                        await self._measured(id, bytes_per_second=event.bytes_per_second)
                    yield Finished(None, event.acceptance, event.bytes_per_second)

    async def _runnable(self, id: str) -> Runnable:
        return self._builtin if id == BUILTIN_MIND.id else await self._registry.open(id)

    async def _default_id(self) -> str:
        if self._default is None:  # read once: nobody else writes it
            self._default = await self._store.values.get(_DEFAULT) or BUILTIN_MIND.id
        return self._default

    async def _be_default(self, id: str) -> None:
        await self._store.values.set(_DEFAULT, id)
        self._default = id

    async def _known(self, id: str) -> MindInfo:
        mind = await self.mind(id)
        if mind is None:
            raise NotFoundError("mind", id)
        return mind

    async def _measured(
        self, id: str, *, parameters: float | None = None, bytes_per_second: float | None = None
    ) -> None:
        if id == BUILTIN_MIND.id:
            self._speed = bytes_per_second or self._speed
        else:
            await self._store.minds.measured(
                id, parameters=parameters, bytes_per_second=bytes_per_second
            )

    async def _asked(self, mind: Mind, size: int) -> Ended:
        request = Request((Message("user", BENCH_PROMPT),), max_bytes=size, seed=1)
        async with aclosing(mind.generate(request)) as events:
            async for event in events:
                if isinstance(event, Ended):
                    if event.error is not None:
                        raise MindPeerError(event.error)
                    return event
        raise AssertionError("a generation ends with Ended")

    def _told_builtin(self, default: str) -> MindInfo:
        return replace(
            BUILTIN_MIND,
            is_default=default == BUILTIN_MIND.id,
            parameters=self._builtin.parameters,
            bytes_per_second=self._speed,
        )

    def _told(self, record: MindRecord, default: str) -> MindInfo:
        mind = self._registry.made(record.id)
        return MindInfo(
            id=record.id,
            name=record.name,
            kind=record.kind,
            model=record.model,
            loaded=mind is not None and mind.loaded,
            is_default=record.id == default,
            parameters=record.parameters,
            bytes_per_second=record.bytes_per_second,
        )
