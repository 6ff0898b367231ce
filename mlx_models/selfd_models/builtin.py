"""The built-in model as the daemon uses it: score, patch, embed and continue text.

Texts are scored in pieces of 8 kB, each from a fresh start, so that memory stays bounded and a text
costs the same however long it is; the figures of MODEL_CARD.md are measured the same way.
Letters: T bytes of a piece.
"""

import importlib.util
import itertools
import math
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from selfd_models.checkpoint import SHIPPED, Checkpoint, load
from selfd_models.decoding import speculation
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.door_engine import DoorEngine
from selfd_models.decoding.drafter import Drafter
from selfd_models.decoding.speculation import Choice, Tally
from selfd_models.layout import Layout, lay_out
from selfd_models.network.model import forward, logits
from selfd_models.ops import Array, backend, load_ops
from selfd_models.parameters import count
from selfd_models.patcher import Bytes

if TYPE_CHECKING:
    from selfd_models.embedding.embedder import Embedder
    from selfd_models.embedding.sentence_head import SentenceHead, SentenceReader

PIECE = 8192
_WARM_UP = b"It was late in the evening when"
_MEASURED = 96  # bytes: some 20 ms
_SAMPLED = 0.8  # the temperature at which sampling is measured


@dataclass(frozen=True)
class Score:
    """How well the model predicts a text: `bits` over all of its `bytes`."""

    bytes: int
    bits: float

    @property
    def bits_per_byte(self) -> float:
        """Give the mean; 0 for the empty text."""
        return self.bits / self.bytes if self.bytes else 0.0


class BuiltinModel:
    """A checkpoint on a backend; what it works out depends on the arguments alone."""

    def __init__(self, checkpoint: Checkpoint, name: backend = "numpy") -> None:
        self.backend = name
        self.fingerprint = checkpoint.fingerprint
        self.parameters = count(checkpoint.config)
        self._config = checkpoint.config
        self._patcher = checkpoint.patcher
        self._checkpoint = checkpoint
        self._ops = load_ops(name)
        self._paying: dict[Choice, bool] = {}
        self._placed: dict[str, Array] = {
            name: self._ops.array(value) for name, value in checkpoint.parameters.items()
        }

    @classmethod
    def load(cls, path: Path | None = None, name: backend | None = None) -> Self:
        """Read the shipped checkpoint, or the one at `path`.

        Raises: CheckpointError: it is missing, cut short or changed.
        """
        return cls(load(path or SHIPPED), name or _best_backend())

    def score(self, text: str) -> Score:
        """Give the bits that the model needs to write a text down."""
        size, bits = 0, 0.0
        for piece in self.score_pieces(text):
            size += piece.bytes
            bits += piece.bits
        return Score(size, bits)

    def score_pieces(self, text: str) -> Iterator[Score]:
        """Score a text piece by piece, so that a caller may stop in between."""
        data = _bytes(text)
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            yield Score(len(piece), float(self.surprise(piece).sum(dtype=np.float64)))

    def surprise(self, data: Bytes) -> NDArray[np.float32]:
        """Give each byte's bits, all at once from a fresh start.   Args: data: (T,), T > 0."""
        scores = self._scores(data)
        scores -= scores.max(axis=-1, keepdims=True)
        own = scores[np.arange(len(data)), data]
        nats: NDArray[np.float32] = np.log(np.exp(scores).sum(axis=-1)) - own
        return nats / np.float32(math.log(2.0))

    def chances(self, data: Bytes) -> NDArray[np.float64]:
        """Give what each byte was expected to be, from those before it.

        Args: data: (T,), T > 0.   Returns: (T, 256), each row's sum 1.
        """
        scores = self._scores(data).astype(np.float64)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        return scores

    def state(self, text: str) -> NDArray[np.float32]:
        """Give the mean of what the heads read over a text's bytes: (D,).   Args: text: not empty.

        It is a mean, not a unit vector, and no part of search: `embed` is.
        """
        decoded: NDArray[np.float32] = self._ops.numpy(self._decoded(_bytes(text)))[0]
        mean: NDArray[np.float32] = decoded.mean(axis=0)
        return mean

    def _scores(self, data: Bytes) -> NDArray[np.float32]:
        """Read a piece from a fresh start.   Returns: (T, 256), logits."""
        scores: NDArray[np.float32] = self._ops.numpy(logits(self._placed, self._decoded(data)))[0]
        return scores

    def _decoded(self, data: Bytes) -> Array:
        """Read a piece from a fresh start.   Returns: (1, T, D), what both heads read."""
        layout = lay_out([data], self._patcher, self._config)
        placed = Layout(*map(self._ops.array, layout))
        return forward(self._placed, placed, self._config, ops=self._ops).decoded

    def patches(self, text: str) -> list[str]:
        """Cut a text into the patches that the latent reads, the open one last.

        A patch that does not hold whole characters is given byte by byte, as latin-1.
        """
        data = _bytes(text)
        ends = np.flatnonzero(self._patcher.ends(data)) + 1
        edges = [0, *ends.tolist(), len(data)]
        found = (data[start:end].tobytes() for start, end in itertools.pairwise(edges))
        return [_readable(piece) for piece in found if piece]

    def complete(
        self,
        prompt: str,
        *,
        max_bytes: int = 256,
        temperature: float = 0.0,
        seed: int = 0,
        speculative: bool = False,
        stop: Callable[[], bool] = lambda: False,
        tally: Tally | None = None,
    ) -> Iterator[bytes]:
        """Continue a text, byte by byte; the same arguments give the same bytes on every host.

        speculative: try drafts; they change how fast the text comes, not the text.
        stop: asked before each byte and while the prompt is read; true ends the text.
        tally: counts bytes and passes.   Raises: ConfigError: the temperature is out of range.
        """
        return self._complete(
            prompt.encode("utf-8", "surrogatepass"),
            max_bytes,
            Choice(temperature, seed),
            speculation.speculative if speculative else speculation.plain,
            stop,
            tally or Tally(),
        )

    def _complete(
        self,
        prompt: bytes,
        most: int,
        choice: Choice,
        way: speculation.Way,
        stop: Callable[[], bool],
        tally: Tally,
    ) -> Iterator[bytes]:
        tile = speculation.prefill(self.decoder, prompt, stop)
        if tile is None:
            return
        for byte in itertools.islice(way(self.decoder, tile, len(prompt), choice, tally), most):
            if stop():
                return
            yield bytes((byte,))

    def drafts_pay(self, temperature: float) -> bool:
        """Say whether drafts make text come a fifth faster on this machine.

        Measured once for greedy text, which repeats itself, and once for sampled.
        """
        choice = Choice(_SAMPLED if temperature else 0.0)
        if choice not in self._paying:
            self._paying[choice] = self.decoder.engine.exact and self._measure(choice)
        return self._paying[choice]

    def _measure(self, choice: Choice) -> bool:
        seconds = []
        for way in (speculation.plain, speculation.speculative):
            text = self._complete(_WARM_UP, _MEASURED, choice, way, lambda: False, Tally())
            next(text)  # the prompt is read, the weights are in the caches
            before = time.perf_counter()
            for _ in text:
                pass
            seconds.append(time.perf_counter() - before)
        return seconds[0] > 1.2 * seconds[1]

    @cached_property
    def decoder(self) -> Decoder:
        """The same weights laid out for single bytes, by the engine that is the faster here."""
        drafter: Drafter | None = Drafter.load()
        if drafter is not None and drafter.width != self._config.byte_width:
            drafter = None
        decoder = Decoder(self._checkpoint, drafter)
        if self.backend == "numpy":
            return decoder
        engine = DoorEngine(self._placed, self._config, self._ops)
        return min((decoder, Decoder(self._checkpoint, drafter, engine)), key=_pace)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts as unit rows.   Raises: EmbedderFileError: the embedder cannot be read."""
        return self._embedder.embed(texts)

    def embed_by_latent(self, text: str) -> NDArray[np.float32]:
        """Embed a text by what the model itself holds of it, a unit vector (V,).

        Raises: SentenceHeadError: there is no head for these weights.
        """
        reader, head = self._sentences
        vector: NDArray[np.float32] = head.embed(reader.features(text)[None])[0]
        return vector

    @cached_property
    def _sentences(self) -> "tuple[SentenceReader, SentenceHead]":
        from selfd_models.embedding.sentence_head import SentenceHead, SentenceReader

        head = SentenceHead.load(self.fingerprint)
        return SentenceReader(self._checkpoint, self._placed, self._ops), head

    @cached_property
    def _embedder(self) -> "Embedder":
        from selfd_models.embedding.embedder import Embedder

        return Embedder.load()


def _pace(decoder: Decoder) -> float:
    """Measure how long a decoder takes for a few bytes, in seconds."""
    tile = decoder.read(_WARM_UP)
    before = time.perf_counter()
    for byte in _WARM_UP:
        tile = decoder.advance(tile.state(), [byte])
    return time.perf_counter() - before


def _best_backend() -> backend:
    """Choose MLX where it has a graphics core to run on."""
    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    return "mlx" if apple and importlib.util.find_spec("mlx") else "numpy"


def _bytes(text: str) -> Bytes:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)


def _readable(piece: bytes) -> str:
    try:
        return piece.decode()
    except UnicodeDecodeError:
        return piece.decode("latin-1")
