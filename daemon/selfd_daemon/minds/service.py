"""The models that can answer. So far there is one: the built-in mind.

Its answers quote the owner's own words; the language model that ships with selfd scores, patches,
embeds and continues text for it. All of the model's work is done on one thread of its own, piece by
piece, so that the event loop never waits and requests take turns.
"""

from __future__ import annotations

import asyncio
import codecs
import importlib.resources
import importlib.util
import secrets
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from selfd_daemon.clock import Monotonic
from selfd_graphql.errors import ServiceError
from selfd_graphql.ports import Finished, Generation, MindInfo, Prompt, ScoreInfo, TextPiece
from selfd_storage import NotFoundError

if TYPE_CHECKING:
    from selfd_models.builtin import BuiltinModel
    from selfd_models.embedding import Embedder

BUILTIN_MIND = MindInfo(
    id="mind:builtin",
    name="builtin",
    kind="BUILTIN",
    model="extractive",
    loaded=True,
    is_default=True,
    parameters=None,
    bytes_per_second=None,
)
PIECE_SECONDS = 0.03  # of a continuation, before others get their turn
EMBEDDED_AT_ONCE = 64  # texts

Result = TypeVar("Result")


def load_model() -> BuiltinModel:
    """Load the model that ships with selfd, which takes numpy and some 100 MB of memory."""
    from selfd_models.builtin import BuiltinModel

    return BuiltinModel.load()


def load_embedder() -> Embedder:
    """Load the embedder that ships with selfd."""
    from selfd_models.embedding import Embedder

    return Embedder.load()


def model_ships() -> bool:
    """Say whether there are weights to load, without loading anything."""
    if importlib.util.find_spec("selfd_models") is None:
        return False
    return (importlib.resources.files("selfd_models") / "weights" / "nano.safetensors").is_file()


class MindService:
    """Implements `selfd_graphql.ports.MindPort`; models are loaded when they are first needed."""

    def __init__(
        self,
        *,
        model: Callable[[], BuiltinModel] = load_model,
        embedder: Callable[[], Embedder] = load_embedder,
        monotonic: Monotonic = time.monotonic,
        draw: Callable[[], int] = lambda: secrets.randbits(32),
    ) -> None:
        self._load_model = model
        self._load_embedder = embedder
        self._monotonic = monotonic
        self._draw = draw
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="selfd-model")
        self._model: BuiltinModel | None = None
        self._embedder: Embedder | None = None
        self._speed: float | None = None

    def close(self) -> None:
        """Take no more work; a piece that is being worked on is left to end by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def minds(self) -> Sequence[MindInfo]:
        """Return every mind, the default one first."""
        if self._model is None:
            return (BUILTIN_MIND,)
        parameters = float(self._model.parameters)
        return (replace(BUILTIN_MIND, parameters=parameters, bytes_per_second=self._speed),)

    async def mind(self, id: str) -> MindInfo | None:
        """Return one mind, or None when there is none of that id."""
        return next((mind for mind in await self.minds() if mind.id == id), None)

    async def score(self, text: str) -> ScoreInfo:
        """Say how well the model predicts a text, piece by piece."""
        model = await self._ready("a text cannot be scored")
        pieces = model.score_pieces(text)
        size, bits = 0, 0.0
        while (piece := await self._run(lambda: next(pieces, None))) is not None:
            size += piece.bytes
            bits += piece.bits
        return ScoreInfo(size, bits, bits / size if size else 0.0)

    async def surprise(self, text: str) -> float:
        """Return the bits per byte that the model needs for a text."""
        return (await self.score(text)).bits_per_byte

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector of unit length for each text."""
        vectors: list[list[float]] = []
        for at in range(0, len(texts), EMBEDDED_AT_ONCE):
            vectors += await self._run(self._embedded, texts[at : at + EMBEDDED_AT_ONCE])
        return vectors

    async def patches(self, text: str) -> Sequence[str]:
        """Return the patches that the model reads a text in."""
        model = await self._ready("a text cannot be cut into patches")
        return await self._run(model.patches, text)

    async def complete(self, prompt: Prompt) -> AsyncGenerator[Generation, None]:
        """Continue a text; closing this stops the model before its next byte."""
        if prompt.mind_id not in (None, BUILTIN_MIND.id):
            raise NotFoundError("mind", prompt.mind_id)
        if prompt.max_bytes < 1:
            raise ServiceError(
                "INVALID_INPUT", f"maxBytes must be at least 1, got {prompt.max_bytes}"
            )
        if not 0.0 <= prompt.temperature <= 10.0:
            raise ServiceError(
                "INVALID_INPUT", f"temperature must be 0 to 10, got {prompt.temperature}"
            )
        model = await self._ready("a text cannot be continued")
        async with aclosing(self._continued(model, prompt)) as events:
            async for event in events:
                yield event

    async def _continued(
        self, model: BuiltinModel, prompt: Prompt
    ) -> AsyncGenerator[Generation, None]:
        from selfd_models.speculation import Tally

        drafted = prompt.speculative and await self._run(lambda: model.drafts_pay)
        stopped, tally = threading.Event(), Tally()
        text = model.complete(
            prompt.text,
            max_bytes=prompt.max_bytes,
            temperature=prompt.temperature,
            seed=self._draw() if prompt.seed is None else prompt.seed,
            speculative=drafted,
            stop=stopped.is_set,
            tally=tally,
        )
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        started, size = self._monotonic(), 0
        try:
            while piece := await self._run(_some, text):
                size += len(piece)
                if readable := decoder.decode(piece):
                    yield TextPiece(readable)
            if left := decoder.decode(b"", final=True):
                yield TextPiece(left)
        finally:
            stopped.set()
        self._speed = size / max(self._monotonic() - started, 1e-6)
        yield Finished(None, tally.accepted if drafted else None, self._speed)

    async def _ready(self, consequence: str) -> BuiltinModel:
        """Load the model unless it is.   Raises: ServiceError: it cannot be loaded, and so what."""
        from selfd_models.errors import ModelError

        try:
            return await self._run(self._loaded)
        except ModelError as error:
            raise ServiceError(
                "MODEL_UNAVAILABLE",
                f"selfd's language model cannot be loaded, so {consequence}: {error}",
            ) from error

    def _loaded(self) -> BuiltinModel:
        if self._model is None:
            self._model = self._load_model()
        return self._model

    def _embedded(self, texts: Sequence[str]) -> list[list[float]]:
        from selfd_models.errors import ModelError

        try:
            if self._embedder is None:
                self._embedder = self._load_embedder()
        except ModelError as error:
            raise ServiceError("MODEL_UNAVAILABLE", f"texts cannot be embedded: {error}") from error
        vectors: list[list[float]] = self._embedder.embed(texts).tolist()
        return vectors

    async def _run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Do a piece of work on the model's thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, work, *arguments)


def _some(text: Iterator[bytes]) -> bytes:
    """Take what comes within some 30 ms, and at least one byte unless the text is at its end."""
    until = time.monotonic() + PIECE_SECONDS
    taken = bytearray()
    for byte in text:
        taken += byte
        if time.monotonic() >= until:
            break
    return bytes(taken)
