"""A mind behind an HTTP server: llama.cpp, mlx_lm.server, Ollama, vLLM, LM Studio and the like."""

from __future__ import annotations

import math
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import httpx2

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.door import Ability, Delta, Limits, Made, Request
from selfd_daemon.minds.errors import (
    MindAbilityError,
    MindLimitError,
    MindPeerError,
)
from selfd_daemon.minds.http.client import HttpClient, NotJsonError, RefusedError
from selfd_daemon.minds.http.protocols import GarbledLineError, OllamaWire, OpenAiWire, Piece, Wire
from selfd_daemon.minds.http.turns import Turns
from selfd_daemon.minds.options import HttpOptions
from selfd_daemon.minds.telling import Telling
from selfd_graphql.ports import ScoreInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIRES: Mapping[str, type[Wire]] = {"openai": OpenAiWire, "ollama": OllamaWire}
_TRIAL = "It rains."  # scored once a server is loaded, to know whether it can
ROOM = 1 << 18  # bytes of a stream beyond what its text can account for
PER_BYTE = 512  # of a stream for each byte of text: one token may be wrapped in that much


class HttpMind:
    """Implements `door.Mind` over a server that was named by the owner."""

    def __init__(
        self,
        url: str,
        options: HttpOptions,
        *,
        allowed: Sequence[str] = (),
        offline: bool = False,
        monotonic: Monotonic,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """Connect nothing yet.   Raises: MindFieldError: the URL is none of a server."""
        self._client = HttpClient(url, options, allowed=allowed, offline=offline, environ=environ)
        self._options = options
        self._monotonic = monotonic
        self._turns = Turns(self._client.url, at_once=options.at_once)
        self._found: tuple[Wire, str] | None = None
        self._scores = False

    @property
    def loaded(self) -> bool:
        """Whether the server has answered."""
        return self._found is not None

    @property
    def parameters(self) -> float | None:
        """Not told by servers."""
        return None

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def load(self) -> None:
        """Find out what the server speaks, holds and tells.   Raises: MindError."""
        await self._find()
        with suppress(MindAbilityError):
            await self.score(_TRIAL)

    async def unload(self) -> None:
        """Ask the server anew next time; its memory is its own."""
        self._found = None

    async def limits(self) -> Limits:
        """Say what it can do; how long a text it takes was told when it was added."""
        abilities: set[Ability] = {"chat", "embed"}
        if self._scores:
            abilities.add("score")
        return Limits(self._options.context_bytes, frozenset(abilities))

    async def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        """Ask, and yield what the server says; closing this closes the connection."""
        telling = Telling(request, self._monotonic)
        self._refuse_long(request)
        said, problem, reason = False, None, None
        async with self._turns.turn(request.priority, request.client):
            wire, model = await self._find()
            async with (
                self._client.asked(wire.path(request), wire.body(request, model)) as response,
                aclosing(self._pieces(wire, response, request.max_bytes)) as pieces,
            ):
                try:
                    async for piece in pieces:
                        if told := telling.take(piece.text):
                            said = True
                            yield Delta(told)
                        reason = piece.ended
                        if telling.over or reason:
                            break
                    else:
                        raise MindPeerError(self._client.says("it broke off before its end"))
                except MindPeerError as error:
                    if not said:
                        raise
                    problem = str(error)
            if told := telling.rest():
                yield Delta(told)
        yield telling.ended(error=problem, reason=reason or "stop")

    async def score(self, text: str, after: str = "") -> ScoreInfo:
        """Say how well the server's model predicts a text, where it tells of a prompt's tokens.

        The first token of all has no cost there; it counts as much as the others on the average.

        Raises: MindAbilityError: this server does not tell.
        """
        async with self._turns.turn():
            wire, model = await self._find()
            try:
                if wire.scoring is None:
                    raise GarbledLineError("its protocol has no logprobs of a prompt")
                asked = wire.score_body(after + text, model)
                costs = wire.costs(await self._client.json("POST", wire.scoring, asked))
            except (RefusedError, GarbledLineError) as error:
                raise MindAbilityError(
                    self._client.says(
                        "it cannot score a text: that takes logprobs with echo in /v1/completions, "
                        "as llama-cpp-python has with --logits_all true"
                    )
                ) from error
        self._scores = True
        begin, end = len(after), len(after) + len(text)
        known = [bits for at, bits in costs if begin <= at < end and bits is not None]
        tokens = sum(begin <= at < end for at, _ in costs)
        size = len(text.encode("utf-8", "replace"))
        bits = sum(known) * tokens / max(1, len(known))
        return ScoreInfo(size, bits, bits / size if size else 0.0)

    async def next_byte(self, text: bytes) -> NDArray[np.float64]:
        """Raise: these protocols do not tell a whole distribution."""
        raise MindAbilityError(
            self._client.says(
                "it does not tell what may come next: add the model as MLX, or vote otherwise"
            )
        )

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Return the server's vectors, made of unit length."""
        async with self._turns.turn():
            wire, model = await self._find()
            asked = {"model": model, "input": list(texts)}
            told = await self._client.json("POST", wire.embedding, asked)
        try:
            vectors = wire.vectors(told)
        except (KeyError, TypeError, ValueError) as error:
            raise MindPeerError(self._client.says("it sent no vectors")) from error
        if len(vectors) != len(texts):
            problem = f"it sent {len(vectors)} vectors for {len(texts)} texts"
            raise MindPeerError(self._client.says(problem))
        return [_unit(vector) for vector in vectors]

    async def _find(self) -> tuple[Wire, str]:
        """Return what the server speaks, and the model's name there.   Raises: MindError."""
        if self._found is None:
            self._found = await self._look()
        return self._found

    async def _look(self) -> tuple[Wire, str]:
        named = self._options.protocol
        failure: RefusedError | None = None
        for kind in [WIRES[named]] if named else WIRES.values():
            wire = kind()
            try:
                names = wire.names(await self._client.json("GET", wire.listing))
            except NotJsonError:  # mlx_lm.server on a machine where nothing was fetched yet
                names = []
            except RefusedError as error:
                failure = failure or error
                continue
            model = self._options.model or next(iter(names), None)
            if model is None:
                raise MindPeerError(
                    self._client.says("it lists no model: load one there, or name it with `model`")
                )
            return wire, model
        assert failure is not None
        raise failure

    async def _pieces(
        self, wire: Wire, response: httpx2.Response, max_bytes: int
    ) -> AsyncGenerator[Piece, None]:
        """Read no more of a stream than its text can account for.   Raises: MindPeerError."""
        lines: AsyncIterator[bytes] = self._client.lines(response, ROOM + PER_BYTE * max_bytes)
        async for line in lines:
            try:
                piece = wire.read(line)
            except GarbledLineError as error:
                problem = f"it sent what is no answer: {error.args[0]!r}"
                raise MindPeerError(self._client.says(problem)) from error
            if piece is not None and piece.error:
                raise MindPeerError(self._client.says(piece.error))
            if piece is not None:
                yield piece

    def _refuse_long(self, request: Request) -> None:
        size, most = len(request.text.encode("utf-8", "replace")), self._options.context_bytes
        if size > most:
            raise MindLimitError(
                f"the prompt has {size:,} bytes, this mind takes {most:,}: ask with less, "
                "or raise its option context_bytes if the server takes more",
                size=size,
                limit=most,
            )


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.hypot(*vector)
    return [number / length for number in vector] if length else list(vector)
