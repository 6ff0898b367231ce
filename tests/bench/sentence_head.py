"""Sentences by the byte model's latent: alone, and joined with the embedder that search uses.

    python -m bench sentence_head

Joined: the cosines of both, added in the shares that `SHARE` gives. Two minutes on an idle core.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.embedding import LOCOMO, STS, Embed, Vectors, dialogues, pairs, share_found, similarity
from bench.row import Row
from selfd_models import checkpoint
from selfd_models.embedding.embedder import Embedder
from selfd_models.embedding.sentence_head import SHIPPED, SentenceHead, SentenceReader
from selfd_models.training.embedding.sentence_head import read

SHARE = 0.1  # of the latent's cosine; on STS-B's validation part .05 to .2 gain as little


def rows(data: Path | None) -> list[Row]:
    """Measure the head of the shipped checkpoint."""
    if data is None:
        return []
    weights = checkpoint.load(checkpoint.SHIPPED)
    head, reader = SentenceHead.load(weights.fingerprint), SentenceReader.of(weights)
    embedder = Embedder.load()
    spent = texts_read = 0.0

    def latent(texts: Sequence[str]) -> Vectors:
        nonlocal spent, texts_read
        before = time.process_time()
        found = head.embed(read(reader, texts, lambda _: None))
        spent += time.process_time() - before
        texts_read += len(texts)
        return found

    known: dict[str, Vectors] = {}

    def alone(texts: Sequence[str]) -> Vectors:
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            known.update(zip(missing, latent(missing), strict=True))
        return np.stack([known[text] for text in texts])

    def joined(texts: Sequence[str]) -> Vectors:
        words = embedder.embed(texts) * np.float32(np.sqrt(1 - SHARE))
        return np.concatenate([words, alone(texts) * np.float32(np.sqrt(SHARE))], axis=1)

    sentences, talks = pairs(data, "test", "en"), dialogues(data)
    ways: dict[str, Embed] = {"latent": alone, "words": embedder.embed, "both": joined}
    found = []
    for name, embed in ways.items():
        turns = [embed(talk.turns) for talk in talks]
        found += [
            Row(f"{STS}, {name}", similarity(embed, sentences), "", None, "higher"),
            Row(f"{LOCOMO}, {name}", share_found(embed, talks, turns), "", None, "higher"),
        ]
    return [
        *found,
        Row(
            "sentence head: texts", texts_read / spent, "texts/s", None, "higher", "processor time"
        ),
        Row("sentence head: file", SHIPPED.stat().st_size / 1e3, "kB", 300, "lower"),
    ]
