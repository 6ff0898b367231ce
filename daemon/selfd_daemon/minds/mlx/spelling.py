"""A model of tokens asked for bytes: what may come next after a text, or in an answer so far."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.generate import generation_stream
from mlx_lm.models.cache import can_trim_prompt_cache, make_prompt_cache, trim_prompt_cache
from numpy.typing import NDArray

from selfd_daemon.minds.errors import MindLimitError
from selfd_daemon.minds.mlx.tokens import token_bytes
from selfd_models.byte_view import ByteView, Vocabulary

Tokens = tuple[int, ...]


class Spelling:
    """Reads texts byte by byte; going on from the last one is quick."""

    def __init__(self, model: Any, tokenizer: Any, first: Tokens, context: int) -> None:
        """Take a loaded model; `first` are the tokens before every text, `context` its most."""
        self._model = model
        self._tokenizer = tokenizer
        self._context = context
        self._first = first
        self._read: tuple[bytes, ByteView[Tokens]] | None = None
        self._said: tuple[Tokens, bytes, ByteView[Tokens]] | None = None

    def next_byte(self, text: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after a text.   Raises: MindAbilityError."""
        if self._read is None or not text.startswith(self._read[0]):
            self._read = (b"", ByteView(self._states, self._vocabulary))
        read, view = self._read
        view.read(text[len(read) :])
        self._read = (text, view)
        return view.next()

    def next_of_answer(self, prompt: Tokens, said: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after an answer so far, and last of its end: (257,).

        Raises: MindLimitError: the prompt leaves no room in the context; MindAbilityError.
        """
        held = self._said
        if held is None or held[0] != prompt or not said.startswith(held[1]):
            ends = sorted(self._tokenizer.eos_token_ids)
            view = ByteView(self._states_after(prompt), self._vocabulary, ends=ends)
            held = (prompt, b"", view)
        _, read, view = held
        view.read(said[len(read) :])
        self._said = (prompt, said, view)
        over = view.ending()
        return np.append(view.next() * (1.0 - over), over)

    @cached_property
    def _spelt(self) -> list[bytes]:
        """The bytes of each token.   Raises: MindAbilityError: it is not known how they are."""
        return token_bytes(self._tokenizer)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self._spelt)

    @cached_property
    def _states(self) -> _States:
        """Those of texts: another text goes on from what it shares with the last one."""
        return self._states_after(self._first)

    def _states_after(self, prompt: Tokens) -> _States:
        return _States(self._model, self._spelt, prompt, self._context)


class _States:
    """Implements `selfd_models.byte_view.TokenModel`; a state is all tokens so far."""

    def __init__(self, model: Any, vocabulary: list[bytes], prompt: Tokens, context: int) -> None:
        self.vocabulary = vocabulary
        self._model = model
        self._prompt = prompt
        self._context = context
        self._held: list[int] = []
        self._cache: list[Any] | None = None

    def start(self) -> Tokens:
        return self._prompt

    def step(self, state: Tokens, token: int) -> Tokens:
        return (*state, token)

    def next(self, states: Sequence[Tokens]) -> NDArray[np.float64]:
        return np.stack([self._after(state) for state in states])

    def _after(self, state: Tokens) -> NDArray[np.float64]:
        """Go from what was read last to this state, by the way that they share."""
        if len(state) > self._context:
            raise MindLimitError(
                f"the text has {len(state):,} tokens, this mind takes {self._context:,}: "
                "begin a new one",
                tokens=len(state),
                limit=self._context,
            )
        shared = 0
        for old, new in zip(self._held, state[:-1], strict=False):
            if old != new:
                break
            shared += 1
        back = len(self._held) - shared
        if self._cache is None or (back and not can_trim_prompt_cache(self._cache)):
            self._cache, shared = make_prompt_cache(self._model), 0
        elif back:
            trim_prompt_cache(self._cache, back)
        with mx.stream(generation_stream):
            rest = mx.array(state[shared:])[None]
            logits = self._model(rest, cache=self._cache)[0, -1].astype(mx.float32)
            chances = np.array(mx.softmax(logits), np.float64)
        self._held = list(state)
        return chances[: len(self.vocabulary)]
