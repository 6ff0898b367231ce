"""A second way to embed sentences: one matrix on what the byte model holds of a text.

What the encoder holds of each byte and the latent of each patch is averaged over the text; a byte
counts by the bits that the model needed for it, so that what could be foreseen says little (the
place of inverse document frequency). The matrix is fitted to one checkpoint by
`selfd_models.training.embedding.sentence_head`: with other weights it means nothing, so it carries
their fingerprint. docs/lab/0018 has the figures, and says why search does not use it.

Letters: N texts, B of them in a batch, T rows, P patches, E latent width, D byte width, F = D + E
features, V dimensions of a vector.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from selfd_models.checkpoint import Checkpoint
from selfd_models.config import Config
from selfd_models.embedding.embedder import fingerprint
from selfd_models.errors import SentenceHeadError
from selfd_models.layout import Layout, lay_out
from selfd_models.network.model import forward, logits
from selfd_models.ops import Array, ArrayOps, load_ops
from selfd_models.patcher import Bytes, Patcher

Floats = NDArray[np.float32]

SHIPPED = Path(__file__).parents[1] / "weights" / "sentence_head.safetensors"
FORMAT = "selfd-sentence-head-1"
PIECE = 1024  # bytes of a text that are read from a fresh start
END = b"\n"  # ends the last patch, so that the latent reads it
_LEVELS = 127  # of int8


@dataclass(frozen=True)
class SentenceHead:
    """What is fitted. weight: (F, V). mean: (F,), of the features. checkpoint: whose these are."""

    weight: Floats
    mean: Floats
    checkpoint: str

    @classmethod
    def load(cls, checkpoint: str, path: Path = SHIPPED) -> Self:
        """Read the head of the checkpoint with that fingerprint.

        Raises:
            SentenceHeadError: it is missing, cut short, changed, or of another checkpoint.
        """
        tensors, owner = _read(path)
        if owner != checkpoint:
            raise SentenceHeadError(
                f"{path.name} was fitted to the weights {owner}, not to {checkpoint}: "
                "embed by words, or fit it anew with selfd_models.training.embedding.sentence_head"
            )
        weight = tensors["weight"].astype(np.float32) * tensors["scales"]
        return cls(weight, tensors["mean"].astype(np.float32), owner)

    def save(self, path: Path) -> None:
        """Write the head in int8, one scale for each feature."""
        widest = np.abs(self.weight).max(axis=1, keepdims=True)
        scales = np.maximum(widest, 1e-12) / _LEVELS
        tensors: dict[str, NDArray[Any]] = {
            "weight": np.rint(self.weight / scales).astype(np.int8),
            "scales": np.asarray(scales, np.float32),
            "mean": self.mean.astype(np.float32),
        }
        found = {"checkpoint": self.checkpoint, "fingerprint": fingerprint(tensors)}
        partial = path.with_suffix(".partial")
        save_file(tensors, partial, metadata={"format": FORMAT, **found})
        partial.chmod(0o644)  # the library writes for the owner alone
        partial.replace(path)

    def embed(self, features: Floats) -> Floats:
        """Turn features (N, F) into unit rows (N, V); a text without any is the first axis."""
        vectors = (features - self.mean) @ self.weight
        vectors[~features.any(axis=1)] = np.eye(1, vectors.shape[1])
        norms = np.sqrt(np.einsum("nv,nv->n", vectors, vectors))
        unit: Floats = vectors / np.maximum(norms, np.float32(1e-12))[:, None]
        return unit


class SentenceReader:
    """Reads texts with a byte model, several at a time."""

    def __init__(self, checkpoint: Checkpoint, placed: Mapping[str, Array], ops: ArrayOps) -> None:
        self._patcher: Patcher = checkpoint.patcher
        self._config: Config = checkpoint.config
        self._placed = placed
        self._ops = ops

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self:
        """Read in numpy."""
        return cls(checkpoint, checkpoint.parameters, load_ops("numpy"))

    def features(self, text: str) -> Floats:
        """Average what the model holds of a text, (F,); zeros for the empty one."""
        data = text.encode("utf-8", "surrogatepass")
        pieces = [data[at : at + PIECE] + END for at in range(0, len(data), PIECE)]
        total = np.zeros((1, self._config.byte_width + self._config.latent_width + 1))
        for piece in pieces:
            total += self.sums([piece])
        averages: Floats = self.averages(total)[0]
        return averages

    def averages(self, sums: NDArray[np.float64]) -> Floats:
        """Divide sums (N, F + 1) by their weights.   Returns: (N, F)."""
        averages: Floats = (sums[:, :-1] / np.maximum(sums[:, -1:], 1e-6)).astype(np.float32)
        return averages

    def sums(self, pieces: Sequence[bytes]) -> NDArray[np.float64]:
        """Add up encoded rows and latents, each by its bits.   Returns: (B, F + 1), bits last.

        Args: pieces: none of them empty.
        """
        ops = self._ops
        texts: list[Bytes] = [np.frombuffer(piece, np.uint8) for piece in pieces]
        layout = lay_out(texts, self._patcher, self._config)
        placed = Layout(*map(ops.array, layout))
        outputs = forward(self._placed, placed, self._config, ops=ops)
        bits = _bits(ops.numpy(logits(self._placed, outputs.decoded)), layout)
        patches = np.zeros((len(texts), layout.last.shape[1] + 1), np.float32)
        np.add.at(patches, (np.arange(len(texts))[:, None], layout.segment), bits)
        parts = [
            (ops.numpy(outputs.encoded), bits),
            (ops.numpy(outputs.latent), patches[:, :-1]),
        ]
        added = [np.einsum("btd,bt->bd", _level(rows), weight) for rows, weight in parts]
        return np.concatenate([*added, bits.sum(axis=1, keepdims=True)], axis=1, dtype=np.float64)


def _bits(scores: Floats, layout: Layout) -> Floats:
    """Give the bits of the byte that each row has read, 0 in row 0 and in padding.

    Args: scores: (B, T, 256), each row's for the byte after it.   Returns: (B, T).
    """
    highest = scores.max(axis=-1)
    total = highest + np.log(np.exp(scores - highest[..., None]).sum(axis=-1))
    own = np.take_along_axis(scores, np.maximum(layout.targets, 0)[..., None], axis=-1)[..., 0]
    bits: Floats = np.zeros_like(total)
    bits[:, 1:] = (total - own)[:, :-1] * (layout.targets[:, 1:] >= 0)
    return bits


def _level(rows: Floats) -> Floats:
    """Scale each row to unit mean square."""
    level: Floats = rows / np.sqrt((rows * rows).mean(axis=-1, keepdims=True) + 1e-6)
    return level


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], str]:
    try:
        with safe_open(path, framework="np") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in sorted(file.keys())}
    except FileNotFoundError as error:
        raise SentenceHeadError(f"no sentence head at {path}: embed by words") from error
    except (SafetensorError, OSError) as error:
        raise SentenceHeadError(
            f"{path.name} is cut short or no sentence head ({error}): install selfd again"
        ) from error
    if header.get("format") != FORMAT:
        raise SentenceHeadError(
            f"{path.name} has format {header.get('format')!r}, this selfd reads {FORMAT!r}"
        )
    if header.get("fingerprint") != fingerprint(tensors):
        raise SentenceHeadError(
            f"{path.name} was changed after it was written: install selfd again"
        )
    return tensors, header["checkpoint"]
