"""Whether a word that begins a sentence is a name: the built-in model tells by how it spells it.

A capital at the start of a sentence says nothing. Inside one, the model expects `yoga` rather than
`Yoga`, and `Maya` rather than `maya`; how many bits it saves by the capital tells names from words,
without a list of either. docs/lab/0008 has the figures.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable

import structlog

from selfd_graphql.errors import ServiceError

# The middle of three sentences, in which either a name or a word could stand.
FRAMES = ("I went to see {}, and then", "we talked about {} for", "it was all because of {} that")
LEAST_BITS = 3.5  # that a capital saves on average; chosen on 400 words, measured on others
MOST_KEPT = 10_000  # words whose spelling is known; the rest is asked for again

Surprise = Callable[[str], Awaitable[float]]

log = structlog.get_logger(__name__)


class Casing:
    """Asks the model once for each word, and remembers."""

    def __init__(self, surprise: Surprise) -> None:
        """Take what gives the bits per byte of a text."""
        self._surprise = surprise
        self._known: OrderedDict[str, bool] = OrderedDict()
        self._is_silent = False

    async def is_name(self, word: str) -> bool:
        """Tell whether a word with a capital is a name; no, where there is no model to ask."""
        if word in self._known:
            self._known.move_to_end(word)
            return self._known[word]
        if self._is_silent:
            return False
        try:
            found = await self.saved(word) >= LEAST_BITS
        except ServiceError as error:
            log.warning("names are told by rules alone", error=str(error))
            self._is_silent = True
            return False
        self._known[word] = found
        if len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
        return found

    async def saved(self, word: str) -> float:
        """Return the bits that the capital of a word saves, on average over the frames."""
        saved = 0.0
        for frame in FRAMES:
            saved += await self._bits(frame.format(word[:1].lower() + word[1:]))
            saved -= await self._bits(frame.format(word))
        return saved / len(FRAMES)

    async def _bits(self, text: str) -> float:
        return await self._surprise(text) * len(text.encode())
