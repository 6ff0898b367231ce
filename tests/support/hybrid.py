"""Invented text, and the array backends that are installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from selfd_models.checkpoint import Checkpoint
from selfd_models.decoding.compiled import library
from selfd_models.decoding.compiled.engine import serves
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.numpy_engine import NumpyEngine
from selfd_models.decoding.reader import PlainReader
from selfd_models.errors import BackendError
from selfd_models.ops import ArrayOps, backend, load_ops
from selfd_models.patcher import Bytes

WORDS = (
    "the a one some river stone lantern letter captain garden winter morning silver quiet "
    "answered walked carried remembered opened over under before after and but because with"
)


def invent(size: int, seed: int) -> Bytes:
    """Write text of common words, sentences and lines."""
    rng = np.random.default_rng(seed)
    vocabulary = WORDS.split()
    parts: list[str] = []
    length = 0
    while length < size:
        words = rng.choice(vocabulary, int(rng.integers(4, 12)))
        sentence = " ".join(words).capitalize() + rng.choice([". ", ".\n", ", "])
        parts.append(sentence)
        length += len(sentence)
    return np.frombuffer("".join(parts).encode(), np.uint8)[:size]


def ops_or_skip(name: backend) -> ArrayOps:
    """Load a backend, or skip the test that needs it."""
    try:
        return load_ops(name)
    except BackendError as error:
        pytest.skip(str(error))


def decoder_or_skip(name: str, checkpoint: Checkpoint) -> Decoder:
    """Give a decoder on numpy alone or by the kernels; skip the test where they were not built."""
    if name == "numpy":
        p, config = checkpoint.parameters, checkpoint.config
        return Decoder(checkpoint, engine=NumpyEngine(p, config), reader=PlainReader(p, config))
    if not serves(checkpoint.config):
        pytest.skip("the kernels were not built: no C compiler")
    return Decoder(checkpoint)


@contextmanager
def no_kernels(empty: Path) -> Iterator[None]:
    """Let the kernels be looked for in an empty folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "FOLDER", empty)
        library.kernels.cache_clear()
        yield
    library.kernels.cache_clear()
