"""The mind that ships with selfd: a byte model that continues, scores, patches and embeds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.builtin.continuing import Continuing
from selfd_daemon.minds.door import Limits, Made, Priority, Request
from selfd_daemon.minds.errors import MindLimitError, MindUnavailableError
from selfd_daemon.minds.line import Line, Place
from selfd_daemon.minds.telling import Telling
from selfd_graphql.ports import ScoreInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfd_models.builtin import BuiltinModel
    from selfd_models.decoding.batch import Reader
    from selfd_models.embedding.embedder import Embedder

CONTEXT_BYTES = 1 << 20  # its state is of fixed size; this bounds the time that a prompt takes
CLOSE_SECONDS = 5.0
EMBEDDED_AT_ONCE, EMBEDDED_LETTERS = 64, 1 << 16


class BuiltinMind:
    """Implements `door.Mind`; model and embedder are loaded when they are first needed."""

    def __init__(
        self,
        *,
        model: Callable[[], BuiltinModel],
        embedder: Callable[[], Embedder],
        monotonic: Monotonic,
        draw: Callable[[], int],
    ) -> None:
        self._load_model = model
        self._load_embedder = embedder
        self._monotonic = monotonic
        self._line = Line("builtin")
        self._texts = Continuing(self._line, draw)
        self._model: BuiltinModel | None = None
        self._embedder: Embedder | None = None
        self._reader: Reader | None = None

    @property
    def parameters(self) -> float | None:
        """How many it has, None before it was loaded."""
        return None if self._model is None else float(self._model.parameters)

    @property
    def loaded(self) -> bool:
        """Whether it takes memory now."""
        return self._model is not None

    async def close(self) -> None:
        """Take no more work, and wait a little for the piece that is being worked on."""
        self._line.close()
        await asyncio.to_thread(self._line.join, CLOSE_SECONDS)

    async def limits(self) -> Limits:
        """Say what it can do: it continues a text, and follows no instructions."""
        return Limits(CONTEXT_BYTES, frozenset({"score", "embed", "next_byte"}))

    async def unload(self) -> None:
        """Give the model's memory back until it is asked again."""
        with self._line.place() as place:
            await self._line.run(place, self._unloaded)

    async def load(self) -> None:
        """Load the model now.   Raises: MindUnavailableError."""
        with self._line.place() as place:
            await self._ready(place, "it cannot be used")

    async def renew(self) -> None:
        """Take the weights that are to serve now; what is being continued ends with the old ones.

        Raises: MindUnavailableError: they cannot be loaded; the old ones go on serving.
        """
        from selfd_models.errors import ModelError

        with self._line.place() as place:
            if self._model is None:
                return
            try:
                await self._line.run(place, self._renewed)
            except ModelError as error:
                raise MindUnavailableError(f"other weights cannot be loaded: {error}") from error

    def _renewed(self) -> None:
        self._model, self._reader = self._load_model(), None

    async def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        """Continue the text; closing this stops the model before its next byte."""
        telling = Telling(request, self._monotonic)
        refuse_long(request.text, "the prompt", "ask with less")
        with self._line.place(request.priority, request.client) as place:
            model = await self._ready(place, "a text cannot be continued")
            drafted = request.speculative and await self._line.run(
                place, model.drafts_pay, request.temperature
            )
            way = self._texts.drafted if drafted else self._texts.together
            async with aclosing(way(model, request, telling, place)) as events:
                async for event in events:
                    yield event

    async def score(
        self, text: str, after: str = "", *, priority: Priority = Priority.PERSON
    ) -> ScoreInfo:
        """Say how well the model predicts a text that follows `after`, piece by piece."""
        with self._line.place(priority) as place:
            model = await self._ready(place, "a text cannot be scored")
            whole = await self._scored(model, place, after + text)
            before = await self._scored(model, place, after) if after else ScoreInfo(0, 0.0, 0.0)
        size, bits = whole.bytes - before.bytes, whole.bits - before.bits
        return ScoreInfo(size, bits, bits / size if size else 0.0)

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector of unit length for each text.   Raises: MindLimitError."""
        for text in texts:
            refuse_long(text, "the text", "embed it in parts")
        vectors: list[list[float]] = []
        with self._line.place() as place:
            for some in _handfuls(texts):
                vectors += await self._line.run(place, self._embedded, some)
        return vectors

    async def embed_by_latent(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a unit vector of what the model holds of each text.

        Raises: MindLimitError; MindUnavailableError: these weights have no head for sentences.
        """
        for text in texts:
            refuse_long(text, "the text", "embed it in parts")
        with self._line.place() as place:
            model = await self._ready(place, "texts cannot be embedded by their latent")
            return [await self._line.run(place, self._by_latent, model, text) for text in texts]

    async def next_byte(self, text: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after a text; going on from the last one is quick."""
        with self._line.place() as place:
            model = await self._ready(place, "a text cannot be read")
            return await self._line.run(place, self._after, model, text)

    async def patches(self, text: str) -> Sequence[str]:
        """Return the patches that the model reads a text in."""
        with self._line.place() as place:
            model = await self._ready(place, "a text cannot be cut into patches")
            return await self._line.run(place, model.patches, text)

    async def _scored(self, model: BuiltinModel, place: Place, text: str) -> ScoreInfo:
        pieces = model.score_pieces(text)
        size, bits = 0, 0.0
        while (piece := await self._line.run(place, next, pieces, None)) is not None:
            size += piece.bytes
            bits += piece.bits
        return ScoreInfo(size, bits, bits / size if size else 0.0)

    async def _ready(self, place: Place, consequence: str) -> BuiltinModel:
        """Load the model unless it is.   Raises: MindUnavailableError: why, and so what."""
        from selfd_models.errors import ModelError

        if self._model is not None:
            return self._model
        try:
            return await self._line.run(place, self._loaded)
        except ModelError as error:
            raise MindUnavailableError(
                f"selfd's language model cannot be loaded, so {consequence}: {error}"
            ) from error

    def _unloaded(self) -> None:
        self._model = self._reader = None

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
            raise MindUnavailableError(f"texts cannot be embedded: {error}") from error
        vectors: list[list[float]] = self._embedder.embed(texts).tolist()
        return vectors

    def _by_latent(self, model: BuiltinModel, text: str) -> list[float]:
        from selfd_models.errors import SentenceHeadError

        try:
            vector: list[float] = model.embed_by_latent(text).tolist()
        except SentenceHeadError as error:
            raise MindUnavailableError(f"texts cannot be embedded by latent: {error}") from error
        return vector

    def _after(self, model: BuiltinModel, text: bytes) -> NDArray[np.float64]:
        from selfd_models.decoding.batch import Reader

        if self._reader is None or not text.startswith(self._reader.text):
            self._reader = Reader(model.decoder)
        self._reader.read(text[len(self._reader.text) :])
        return self._reader.next()


def _handfuls(texts: Sequence[str]) -> Iterator[list[str]]:
    """Group texts into what is embedded in one go: a tenth of a second, or one long text."""
    some: list[str] = []
    for text in texts:
        full = len(some) == EMBEDDED_AT_ONCE or sum(map(len, some)) + len(text) > EMBEDDED_LETTERS
        if some and full:
            yield some
            some = []
        some.append(text)
    if some:
        yield some


def refuse_long(text: str, what: str, advice: str) -> None:
    """Bound how long one request keeps the mind busy.   Raises: MindLimitError."""
    size = len(text.encode("utf-8", "replace"))
    if size > CONTEXT_BYTES:
        raise MindLimitError(
            f"{what} has {size:,} bytes, the built-in mind takes {CONTEXT_BYTES:,}: {advice}",
            size=size,
            limit=CONTEXT_BYTES,
        )
