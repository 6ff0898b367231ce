"""The minds that can be asked: the built-in one and those that were added, by their ids."""

from __future__ import annotations

import importlib.resources
import importlib.util
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.builtin import BuiltinMind
from selfd_daemon.minds.door import Delta, Message, Mind, Request
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


def load_model(path: Path | None = None) -> BuiltinModel:
    """Load the weights that ship with selfd, or others; numpy and some 100 MB of memory."""
    from selfd_models.builtin import BuiltinModel

    return BuiltinModel.load(path)


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
        self._builtin = BuiltinMind(model=model, embedder=embedder, monotonic=monotonic, draw=draw)
        self._speed: float | None = None

    def close(self) -> None:
        """Take no more work; a piece that is being worked on is left to end by itself."""
        self._builtin.close()

    async def minds(self) -> Sequence[MindInfo]:
        """Return every mind, the default one first."""
        return (
            replace(
                BUILTIN_MIND, parameters=self._builtin.parameters, bytes_per_second=self._speed
            ),
        )

    async def mind(self, id: str) -> MindInfo | None:
        """Return one mind, or None when there is none of that id."""
        return next((mind for mind in await self.minds() if mind.id == id), None)

    async def open(self, id: str | None = None) -> Mind:
        """Return the door to a mind, or to the default one.

        Raises:
            NotFoundError: there is no mind of that id.
        """
        if id not in (None, BUILTIN_MIND.id):
            raise NotFoundError("mind", id)
        return self._builtin

    async def renew_builtin(self) -> None:
        """Let the built-in mind serve other weights from now on, without a restart."""
        await self._builtin.renew()

    async def score(self, text: str) -> ScoreInfo:
        """Say how well the built-in model predicts a text, piece by piece."""
        return await self._builtin.score(text)

    async def surprise(self, text: str) -> float:
        """Return the bits per byte that the built-in model needs for a text."""
        return (await self.score(text)).bits_per_byte

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return a vector of unit length for each text."""
        return await self._builtin.embed(texts)

    async def patches(self, text: str) -> Sequence[str]:
        """Return the patches that the built-in model reads a text in."""
        return await self._builtin.patches(text)

    async def complete(self, prompt: Prompt) -> AsyncGenerator[Generation, None]:
        """Continue a text; closing this stops the model before its next byte."""
        mind = await self.open(prompt.mind_id)
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
                    self._speed = event.bytes_per_second
                    yield Finished(None, event.acceptance, event.bytes_per_second)
