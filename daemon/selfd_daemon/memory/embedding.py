"""The embedder that ships with selfd, for the store: loaded when something is first embedded."""

from __future__ import annotations

import importlib.resources
import importlib.util
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from selfd_storage import EmbeddingError, TextEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfd_models.embedding.embedder import Embedder


class ShippedEmbedder:
    """Implements `selfd_storage.TextEmbedder`; its name is known before its weights are read."""

    dimensions = 256

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._loading = threading.Lock()
        self._embedder: Embedder | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit rows (N, D), one a text.

        Raises:
            EmbeddingError: the weights cannot be read.
        """
        from selfd_models.embedding.embedder import Embedder
        from selfd_models.errors import ModelError

        with self._loading:
            if self._embedder is None:
                try:
                    self._embedder = Embedder.load()
                except ModelError as error:
                    raise EmbeddingError(str(error)) from error
        return self._embedder.embed(texts)


def shipped_embedders() -> Sequence[TextEmbedder]:
    """Return the shipped embedder; nothing where selfd is installed without its models."""
    if importlib.util.find_spec("selfd_models") is None:
        return ()
    if not (importlib.resources.files("selfd_models") / "weights/embedder.safetensors").is_file():
        return ()
    from selfd_models.embedding.embedder import SHIPPED_FINGERPRINT

    return (ShippedEmbedder(SHIPPED_FINGERPRINT),)
