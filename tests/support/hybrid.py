"""Invented text, and the array backends that are installed."""

import numpy as np
import pytest

from selfd_models.checkpoint import Checkpoint
from selfd_models.decoding.compiled_engine import CompiledEngine, serves
from selfd_models.decoding.engine import Engine
from selfd_models.decoding.numpy_engine import NumpyEngine
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


def engine_or_skip(name: str, checkpoint: Checkpoint) -> Engine:
    """Give an engine for processors by name; skip the test where it was not built."""
    if name == "numpy":
        return NumpyEngine(checkpoint.parameters, checkpoint.config)
    if not serves(checkpoint.config):
        pytest.skip("the kernels were not built: no C compiler")
    return CompiledEngine(checkpoint)
