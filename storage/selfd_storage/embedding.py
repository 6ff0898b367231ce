"""What the store asks of whoever turns texts into vectors; it is handed one and imports none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # it brings numpy, which the door of the package must not
    import numpy as np
    from numpy.typing import NDArray


EMBEDDED_CHARACTERS = 4000  # of a text, from its start


class TextEmbedder(Protocol):
    """Turns texts into unit vectors: the same text into the same bits, on any thread."""

    @property
    def fingerprint(self) -> str:
        """Name the weights: vectors of one name can be compared with each other."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector, a power of two."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit rows (N, D), one a text.

        Raises:
            EmbeddingError: the weights cannot be read.
        """
        ...
