"""A mind that mlx-lm runs: loaded when it is asked, unloaded when nobody asks any more."""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.door import Ability, Delta, Limits, Made, Request
from selfd_daemon.minds.errors import MindUnavailableError
from selfd_daemon.minds.line import PIECE_SECONDS, Line, Place
from selfd_daemon.minds.mlx.files import INSTALL, USUAL_CONTEXT, ModelFiles, find_folder, read_files
from selfd_daemon.minds.options import MlxOptions
from selfd_daemon.minds.room import ReadMemory, read_memory, refuse_too_large
from selfd_daemon.minds.telling import Telling
from selfd_graphql.ports import ScoreInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfd_daemon.minds.mlx.runtime import Generation, MlxRuntime

CLOSE_SECONDS = 5.0
BYTES_PER_TOKEN = 3  # of English text, at the least; other languages have fewer


class MlxMind:
    """Implements `door.Mind` over a folder, or a name of the hub that was fetched before."""

    def __init__(
        self,
        name: str,
        model: str,
        options: MlxOptions,
        *,
        monotonic: Monotonic,
        draw: Callable[[], int],
        memory: ReadMemory = read_memory,
    ) -> None:
        self._name = name
        self._source = model
        self._options = options
        self._monotonic = monotonic
        self._draw = draw
        self._memory = memory
        self._line = Line(name)
        self._runtime: MlxRuntime | None = None
        self._files: ModelFiles | None = None
        self._open = 0
        self._used = monotonic()

    @property
    def loaded(self) -> bool:
        """Whether it takes memory now."""
        return self._runtime is not None

    @property
    def parameters(self) -> float | None:
        """How many it has, None before its files were read."""
        return None if self._files is None else float(self._files.parameters)

    async def close(self) -> None:
        """Take no more work, and wait a little for the piece that is being worked on."""
        self._line.close()
        self._runtime = None
        await asyncio.to_thread(self._line.join, CLOSE_SECONDS)

    async def load(self) -> None:
        """Load the model now.   Raises: MindError: it is missing, damaged or too large."""
        with self._line.place() as place:
            await self._ready(place)

    async def unload(self) -> None:
        """Give its memory back, once what is being said has been said."""
        with self._line.place() as place:
            await self._line.run(place, self._unloaded)

    async def use_adapter(self, adapter: str | None) -> None:
        """Speak with another adapter, or with none, from the next text on."""
        self._options = replace(self._options, adapter=adapter)
        await self.unload()

    async def unload_if_idle(self) -> bool:
        """Unload it when nobody has asked for as long as its option says."""
        idle = self._monotonic() - self._used
        if self._runtime is None or self._open or idle < self._options.idle_seconds:
            return False
        await self.unload()
        return True

    async def limits(self) -> Limits:
        """Say what it can do.   Raises: MindError: its files cannot be read."""
        with self._line.place() as place:
            files = await self._line.run(place, self._read)
            abilities: set[Ability] = {"score", "embed", "next_byte"}
            if (files.folder / "chat_template.jinja").exists() or _mentions_template(files):
                abilities.add("chat")
        return Limits(self._context(files) * BYTES_PER_TOKEN, frozenset(abilities))

    async def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        """Yield what the model says; closing this stops it before its next token."""
        telling = Telling(request, self._monotonic)
        with self._line.place(request.priority, request.client) as place:
            runtime = await self._ready(place)
            seed = self._draw() if request.seed is None else request.seed
            generation, text = await self._line.run(place, _begun, runtime, request, seed)
            self._open += 1
            try:
                while True:
                    if told := telling.take(text):
                        yield Delta(told)
                    if telling.over is not None or generation.ended:
                        break
                    text = await self._line.run(place, _some, runtime, generation)
            finally:
                self._open -= 1
                self._used = self._monotonic()
                await self._line.run(place, runtime.leave, generation)
            if told := telling.rest():
                yield Delta(told)
        yield telling.ended(reason="length" if generation.full else "stop")

    async def score(self, text: str, after: str = "") -> ScoreInfo:
        """Say how well the mind predicts a text, by the tokens that it would be written in."""
        size, bits = len(text.encode("utf-8", "replace")), 0.0
        with self._line.place() as place:
            runtime = await self._ready(place)
            pieces = runtime.bits(text, after)
            while (piece := await self._line.run(place, next, pieces, None)) is not None:
                bits += piece
        return ScoreInfo(size, bits, bits / size if size else 0.0)

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector of unit length for each text."""
        with self._line.place() as place:
            runtime = await self._ready(place)
            return [await self._line.run(place, runtime.embed, text) for text in texts]

    async def next_byte(self, text: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after a text: (256,), its sum 1."""
        with self._line.place() as place:
            runtime = await self._ready(place)
            return await self._line.run(place, runtime.next_byte, text)

    async def spell(self, request: Request, said: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte of the answer, and last of its end: (257,)."""
        with self._line.place(request.priority, request.client) as place:
            runtime = await self._ready(place)
            return await self._line.run(place, runtime.spell, request, said)

    async def _ready(self, place: Place) -> MlxRuntime:
        self._used = self._monotonic()
        if self._runtime is not None:
            return self._runtime
        return await self._line.run(place, self._loaded_now)

    def _loaded_now(self) -> MlxRuntime:
        if self._runtime is None:
            files = self._read()
            refuse_too_large(files, self._options, self._context(files), self._memory())
            if importlib.util.find_spec("mlx_lm") is None:
                raise MindUnavailableError(f"mind {self._name!r} needs mlx-lm: {INSTALL}")
            from selfd_daemon.minds.mlx.runtime import MlxRuntime

            self._runtime = MlxRuntime(files, self._options, self._context(files))
        return self._runtime

    def _unloaded(self) -> None:
        if self._runtime is not None:
            import mlx.core as mx

            self._runtime = None
            mx.clear_cache()

    def _read(self) -> ModelFiles:
        if self._files is None:
            self._files = read_files(find_folder(self._source))
        return self._files

    def _context(self, files: ModelFiles) -> int:
        return min(files.context, self._options.context_tokens or USUAL_CONTEXT)


def _mentions_template(files: ModelFiles) -> bool:
    path = files.folder / "tokenizer_config.json"
    return path.exists() and '"chat_template"' in path.read_text("utf-8", "replace")


def _begun(runtime: MlxRuntime, request: Request, seed: int) -> tuple[Generation, str]:
    """Begin a text and do the first piece of work on it, without a second wait in line."""
    generation = runtime.start(request, seed)
    return generation, _some(runtime, generation)


def _some(runtime: MlxRuntime, generation: Generation) -> str:
    """Read, then make tokens, for some 30 ms; of the first ones, only until there is text."""
    until, text = time.monotonic() + PIECE_SECONDS, ""
    while runtime.read(generation):
        if time.monotonic() >= until:
            return ""
    while not generation.ended:
        text += runtime.make(generation)
        if time.monotonic() >= until or (text and not generation.begun):
            break
    generation.begun = generation.begun or bool(text)
    return text
