"""kill -9 while texts are embedded anew: afterwards every code is that of its text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_storage import Store
from selfd_storage.codes.file import read_coded
from selfd_storage.codes.follow import BITS, LONG, LONG_BITS
from selfd_storage.codes.planes import read_codes, read_further
from selfd_storage.index import WordIndex
from selfd_storage.words.columns import BURIED
from support.crashing import Witness
from support.embedding import WordEmbedder
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

TIMES = 2


async def codes_in_the_file(index: WordIndex) -> dict[int, NDArray[np.uint64]]:
    (coded,) = await index._file.read(read_coded)  # those of former embedders are gone
    rows = await index._file.read(lambda db: list(read_codes(db, coded)))
    found = {first + at: code for first, codes in rows for at, code in enumerate(codes)}
    docs = np.array(sorted(found))
    for places, planes in await index._file.read(lambda db: list(read_further(db, coded, docs))):
        for doc, further in zip(docs[places].tolist(), planes, strict=True):
            found[doc] = np.concatenate([found[doc], further])
    return found


async def test_after_a_kill_every_code_is_that_of_its_text(tmp_path: Path) -> None:
    witness = Witness(tmp_path)
    for seed in range(1, TIMES + 1):
        witness.live_and_die("embedding", seed)
        embedder = WordEmbedder(f"embedder {seed}")
        async with await Store.open(tmp_path, limits=ANY_ROOM, embedders=[embedder]) as store:
            await store.settle()
            index = store._words
            assert index is not None
            (codes,) = index._codes.layers
            columns = index._follower.columns
            living = np.flatnonzero(columns["kind"] != BURIED).tolist()
            assert len(living) >= len(witness.told) - len(witness.forgetting)
            assert codes.holds(np.array(living)).all()
            ids = [f"memory:{columns.entry(doc).item}" for doc in living]
            texts = [memory.text for memory in await store.memories.get(ids) if memory is not None]
            stored = await codes_in_the_file(index)
            made = codes.codec.encode(embedder.embed(texts), LONG_BITS)
            for doc, text, code in zip(living, texts, made, strict=True):
                planes = code if len(text) > LONG else code[:BITS]
                assert np.array_equal(stored.pop(doc), planes)
            assert not any(code.any() for code in stored.values()), "a code without a text"
