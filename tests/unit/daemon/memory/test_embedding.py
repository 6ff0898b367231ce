"""The shipped embedder, handed to a store."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfd_daemon.memory import embedding
from selfd_daemon.memory.embedding import ShippedEmbedder, shipped_embedders
from selfd_models.errors import EmbedderFileError
from selfd_storage import EmbeddingError, NewMemory, Store
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio


def test_its_name_and_width_are_known_before_its_weights_are_read() -> None:
    (embedder,) = shipped_embedders()
    assert isinstance(embedder, ShippedEmbedder)
    assert embedder._embedder is None
    (row,) = embedder.embed(["a text"])
    assert embedder._embedder is not None
    assert row.shape == (embedder.dimensions,)
    assert embedder._embedder.fingerprint == embedder.fingerprint
    assert np.linalg.norm(row) == pytest.approx(1.0, abs=1e-5)


async def test_a_store_with_it_finds_what_was_said_in_other_words(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM, embedders=shipped_embedders()) as store:
        said = "The physician told me to drink more water"
        await store.memories.add_many([NewMemory(said), NewMemory("We sold the old bicycle")])
        await store.settle()
        hits = await store.search("medical advice from doctors")
        assert [(hit.text, hit.via) for hit in hits] == [(said, ("dense",))]


def test_weights_that_cannot_be_read_are_an_error_of_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> None:
        raise EmbedderFileError("no embedder file at '/x': install selfd again")

    monkeypatch.setattr("selfd_models.embedding.embedder.Embedder.load", broken)
    (embedder,) = embedding.shipped_embedders()
    with pytest.raises(EmbeddingError, match="install selfd again"):
        embedder.embed(["a text"])
