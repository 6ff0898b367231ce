"""A model that mlx-lm has loaded: everything here runs on the mind's one thread.

A generation is an iterator of pieces of text; between two of them others may have their turn, and
leaving it leaves nothing behind but what it has read, which the next prompt with the same beginning
does not read again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm import load
from mlx_lm.generate import generate_step, generation_stream, maybe_quantize_kv_cache
from mlx_lm.models.cache import (
    LRUPromptCache,
    make_prompt_cache,
)
from numpy.typing import NDArray

from selfd_daemon.minds.door import Request
from selfd_daemon.minds.errors import MindAbilityError, MindLimitError, MindUnavailableError
from selfd_daemon.minds.mlx.files import ModelFiles
from selfd_daemon.minds.mlx.spelling import Spelling
from selfd_daemon.minds.options import MlxOptions

PREFILL = 256  # tokens of a prompt that are read in one go
PROMPTS = 4  # whose states are kept
QUANTIZED_FROM = 0  # tokens; with kv_bits all of them


@dataclass(slots=True)
class Generation:
    """One text on its way: the tokens of the prompt, then those that were made."""

    tokens: list[int]
    left: list[int]
    cache: list[Any]
    most: int
    temperature: float
    key: mx.array
    prompt: int = 0
    begun: bool = False  # some text was made; a token alone may be half a character
    ended: bool = False
    full: bool = False
    made: Iterator[tuple[Any, Any]] | None = None
    letters: Any = field(default=None)


class MlxRuntime:
    """Loads in `__init__`, which takes a while."""

    def __init__(self, files: ModelFiles, options: MlxOptions, context: int) -> None:
        """Load a model.   Raises: MindUnavailableError: mlx-lm cannot read it."""
        try:
            loaded: tuple[Any, ...] = load(str(files.folder), adapter_path=options.adapter)
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise MindUnavailableError(
                f"{str(files.folder)!r} cannot be loaded by mlx-lm: {_line(error)}"
            ) from error
        self._model, self._tokenizer = loaded[:2]
        self._options = options
        self._context = context
        self._prompts = LRUPromptCache(max_size=PROMPTS, max_bytes=max(files.weight_bytes, 1 << 28))
        first = tuple(self.prefix or [self._some_token()])
        self._spelling = Spelling(self._model, self._tokenizer, first, context)

    def start(self, request: Request, seed: int) -> Generation:
        """Begin a text.   Raises: MindLimitError: the prompt leaves no room in the context."""
        tokens = self.encode(request)
        if len(tokens) >= self._context:
            raise MindLimitError(
                f"the prompt has {len(tokens):,} tokens, this mind takes {self._context:,} with "
                "the answer: ask with less, or raise its option context_tokens",
                tokens=len(tokens),
                limit=self._context,
            )
        cache, left = self._prompts.fetch_nearest_cache("", tokens)
        if not left:  # the last token is read again, for what it says of the next
            cache, left = None, tokens
        generation = Generation(
            tokens=tokens,
            left=list(left),
            cache=cache if cache is not None else make_prompt_cache(self._model),
            most=min(request.max_bytes, self._context - len(tokens)),
            temperature=request.temperature,
            key=mx.random.key(seed),
            prompt=len(tokens),
        )
        generation.letters = self._tokenizer.detokenizer
        return generation

    def read(self, generation: Generation) -> bool:
        """Read a piece of the prompt; false once only its last token is left."""
        if len(generation.left) <= 1:
            return False
        piece = generation.left[: min(PREFILL, len(generation.left) - 1)]
        with mx.stream(generation_stream):
            self._model(mx.array(piece)[None], cache=generation.cache)
            self._quantize(generation.cache)
            mx.eval([layer.state for layer in generation.cache])
        generation.left = generation.left[len(piece) :]
        return len(generation.left) > 1

    def make(self, generation: Generation) -> str:
        """Make one more token and return what text that gives; `ended` is set at the end."""
        if generation.made is None:
            generation.made = generate_step(
                mx.array(generation.left),
                self._model,
                max_tokens=generation.most,
                sampler=_sampler(generation),
                prompt_cache=generation.cache,
                kv_bits=self._options.kv_bits,
                quantized_kv_start=QUANTIZED_FROM,
            )
        token = next((int(token) for token, _ in generation.made), None)
        if token is not None and token not in self._tokenizer.eos_token_ids:
            generation.tokens.append(token)
            generation.letters.add_token(token)
        else:
            generation.ended = True
        if len(generation.tokens) - generation.prompt >= generation.most:
            generation.ended = generation.full = True
        if generation.ended:
            generation.letters.finalize()
        segment: str = generation.letters.last_segment
        return segment

    def leave(self, generation: Generation) -> None:
        """Keep what was read for a next prompt that begins alike."""
        if generation.made is not None:
            generation.made.close()  # type: ignore[attr-defined]  # it is a generator
        held = len(generation.tokens) - len(generation.left) * (generation.made is None)
        first = generation.cache[0]
        if held > 0 and getattr(first, "offset", held) == held:
            self._prompts.insert_cache("", generation.tokens[:held], generation.cache)

    def encode(self, request: Request) -> list[int]:
        """Return the tokens of a request: by the model's template of a chat, or plain."""
        if request.raw or not self._tokenizer.has_chat_template:
            return [*self.prefix, *self._plain(request.text)] or [self._some_token()]
        messages = [{"role": each.role, "content": each.text} for each in request.messages]
        try:
            return list(self._tokenizer.apply_chat_template(messages, add_generation_prompt=True))
        except Exception as error:  # templates are programs of strangers and raise what they like
            raise MindUnavailableError(
                f"the model's template does not take these messages: {_line(error)}"
            ) from error

    @property
    def chats(self) -> bool:
        """Whether it comes with a template, and so was taught to follow."""
        return bool(self._tokenizer.has_chat_template)

    @property
    def prefix(self) -> list[int]:
        """The token before every text, where the model has one."""
        bos = self._tokenizer.bos_token_id
        return [] if bos is None else [bos]

    def _plain(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _some_token(self) -> int:
        return min(self._tokenizer.eos_token_ids, default=0)

    def _quantize(self, cache: list[Any]) -> None:
        quantize: Any = maybe_quantize_kv_cache
        quantize(cache, QUANTIZED_FROM, 64, self._options.kv_bits)

    def bits(self, text: str, after: str) -> Iterator[float]:
        """Yield, piece by piece, the bits that a text costs after another one."""
        head = self.prefix or [self._some_token()]
        before = self._plain(after) if after else []
        whole = head + self._plain(after + text)
        first = len(head)
        while first - len(head) < len(before) and whole[first] == before[first - len(head)]:
            first += 1
        if len(whole) > self._context:
            raise MindLimitError(
                f"the text has {len(whole):,} tokens, this mind takes {self._context:,}: "
                "score it in parts",
                tokens=len(whole),
                limit=self._context,
            )
        cache = make_prompt_cache(self._model)
        for at in range(0, len(whole) - 1, PREFILL):
            piece = whole[at : at + PREFILL]
            following = whole[at + 1 : at + 1 + len(piece)]
            with mx.stream(generation_stream):
                logits = self._model(mx.array(piece)[None], cache=cache)[0].astype(mx.float32)
                logits = logits[: len(following)]
                own = mx.take_along_axis(logits, mx.array(following)[:, None], axis=-1)[:, 0]
                costs = np.array(mx.logsumexp(logits, axis=-1) - own, np.float64)
            counted = costs[max(0, first - at - 1) :]
            yield float(counted.sum()) / math.log(2.0)

    def embed(self, text: str) -> list[float]:
        """Return the mean of the last layer over a text's tokens, of unit length."""
        inner = getattr(self._model, "model", None)
        if inner is None:
            raise MindAbilityError("this architecture does not show its layers: embed otherwise")
        tokens = ([*self.prefix, *self._plain(text)] or [self._some_token()])[: self._context]
        with mx.stream(generation_stream):
            hidden = inner(mx.array(tokens)[None])[0].astype(mx.float32)
            vector = np.array(hidden.mean(axis=0), np.float64)
        length = float(np.linalg.norm(vector))
        unit: list[float] = (vector / length if length else vector).tolist()
        return unit

    def next_byte(self, text: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after a text; going on from the last is quick."""
        return self._spelling.next_byte(text)

    def spell(self, request: Request, said: bytes) -> NDArray[np.float64]:
        """Return the probability of each byte after an answer so far, and last of its end: (257,).

        Raises: MindLimitError: the prompt leaves no room in the context.
        """
        return self._spelling.next_of_answer(tuple(self.encode(request)), said)


def _sampler(generation: Generation) -> Callable[[mx.array], mx.array] | None:
    """Draw by a key of this text's own, so that others in between change nothing."""
    if not generation.temperature:
        return None

    def sample(scores: mx.array) -> mx.array:
        generation.key, drawn = mx.random.split(generation.key)
        return mx.random.categorical(scores / generation.temperature, key=drawn)

    return sample


def _line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
