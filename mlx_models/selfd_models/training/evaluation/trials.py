"""What a candidate is held to: new text, old text, retrieval, and the assessment in quick form.

Everything is measured as it would serve, from 4-bit files, beside the parent. What a checkpoint
gives on fixed texts is kept in `cache`, by its fingerprint: a parent is measured once in its life.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import load
from selfd_models.training.data.corpus import EXPECTED, read_records
from selfd_models.training.data.replay import OLD, read_sample
from selfd_models.training.evaluation.assessing import Assessed, assess, compare_assessed
from selfd_models.training.evaluation.comparison import by_kind, compare, cut, measure
from selfd_models.training.evaluation.order import PIECES, order_of
from selfd_models.training.evaluation.retrieval import by_embedder, by_states, cloze

NEW_PIECE = 1024  # bytes: there is little new text, and an interval needs many pieces
RANKED, ASSESSED = frozenset(("retrieval", "states")), frozenset(("own text", "changes"))
Piece = tuple[str, bytes]
Say = Callable[..., None]


class Contestant:
    """A checkpoint, and what it gives on the fixed texts.

    The vectors of search were measured when the checkpoint was made: should they be worse now, the
    next candidate is what shows it.
    """

    def __init__(self, path: Path, cache: Path, say: Say) -> None:
        self._checkpoint = load(path)
        self._cache = cache
        self._say = say

    @cached_property
    def model(self) -> BuiltinModel:
        """The model as it would serve."""
        return BuiltinModel(self._checkpoint, "numpy")

    def bits(self, name: str, pieces: Sequence[Piece]) -> list[float]:
        """Measure pieces, and say how far that is: it takes seconds a piece on a busy machine."""
        texts = [piece for _, piece in pieces]
        return measure(self.model, texts, self._progress(name, len(texts)))

    def old_bits(self) -> list[float]:
        """Measure the fixed old set."""
        found: list[float] = self._kept("old", lambda: self.bits("old", _old_pieces()))
        return found

    def ranks(self) -> dict[str, list[float]]:
        """Give reciprocal ranks on the old set: by what search uses, and by its own states."""
        task = cloze([each["text"] for each in read_sample(OLD)])
        ways = {"retrieval": by_embedder, "states": by_states}
        return {
            name: self._kept(name, partial(way, self.model, task)) for name, way in ways.items()
        }

    def assessed(self) -> Assessed:
        """Take the assessment in quick form."""
        texts = [str(each["text"]) for each in read_sample(OLD)]
        found = self._kept("assessed", lambda: asdict(assess(self._checkpoint, self.model, texts)))
        return Assessed(**found)

    def order_of(self, texts: Sequence[str]) -> dict[str, Any]:
        """Say whether the words of new text are in an order."""
        return order_of(self.model, texts, self._progress("order", 2 * PIECES))

    def distance(self, texts: Sequence[str], expected: NDArray[np.float16]) -> float:
        """Give how far it is from what another mind expected of texts: bits per byte of divergence.

        Args: expected: (bytes of all texts, 256), a row of zeros where it said nothing.
        """
        bits, at, known = 0.0, 0, 0
        for text in texts:
            data = np.frombuffer(text.encode(), np.uint8)
            told = expected[at : at + len(data)].astype(np.float64)
            at += len(data)
            said = told.sum(axis=1) > 0.0
            told = told[said] / told[said].sum(axis=1, keepdims=True)
            own = np.maximum(self.model.chances(data)[said], 1e-12)
            bits += float((told * np.log2(np.maximum(told, 1e-12) / own)).sum())
            known += len(told)
        return bits / max(1, known)

    def _kept(self, name: str, work: Callable[[], Any]) -> Any:
        kept = self._cache / f"{self._checkpoint.fingerprint}-{_texts()}-{name}.json"
        if not kept.exists():
            self._say(measuring=name, done=0, of=1)
            found = work()
            self._cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial = kept.with_suffix(".partial")
            partial.write_text(json.dumps(found), "utf-8")
            partial.replace(kept)
        return json.loads(kept.read_text("utf-8"))

    def _progress(self, name: str, of: int) -> Callable[[int], None]:
        return lambda done: self._say(measuring=name, done=done, of=of)


def try_out(
    candidate: Path,
    parent: Path,
    root: Path,
    *,
    judged: Collection[str],
    folder: Path,
    cache: Path,
    say: Say,
) -> dict[str, Any]:
    """Compare parent and candidate, and the candidate with what ships.

    judged: what is asked for besides the bits of new and old text. folder: holds
    `corpus-text/train_new.jsonl` and `new.jsonl`, what was learned and held out, and perhaps
    `held_out.expected.npy`, what another mind expected of the latter.
    """
    before, after = (Contestant(path, cache, say) for path in (parent, candidate))
    learned = [text for _, text in read_records(folder / "corpus-text" / "train_new.jsonl")]
    held_out = [text for _, text in read_records(folder / "new.jsonl")]
    new = [("new", piece) for piece in cut(held_out, NEW_PIECE)]
    found = {"order": before.order_of([*learned, *held_out])} if "order" in judged else {}
    found["new"] = _difference(new, before.bits("new", new), after.bits("new", new))
    found |= _on_fixed_texts(before, after, judged)
    expected = folder / f"held_out{EXPECTED}"
    if expected.exists():
        teacher = np.load(expected, mmap_mode="r")
        found["teacher"] = {
            "before": before.distance(held_out, teacher),
            "after": after.distance(held_out, teacher),
        }
    if root != parent:
        shipped = Contestant(root, cache, say)
        found["shipped"] = _difference(_old_pieces(), shipped.old_bits(), after.old_bits())
    return found


def evaluate(
    serving: Path, root: Path, *, judged: Collection[str], cache: Path, say: Say
) -> dict[str, Any]:
    """Measure what serves on all that is fixed, beside what ships."""
    shipped, now = (Contestant(path, cache, say) for path in (root, serving))
    found = _on_fixed_texts(shipped, now, judged)
    found["shipped"] = found.pop("old")
    return found


def _on_fixed_texts(
    before: Contestant, after: Contestant, judged: Collection[str]
) -> dict[str, Any]:
    found = {"old": _difference(_old_pieces(), before.old_bits(), after.old_bits())}
    if RANKED.intersection(judged):
        ranks = [before.ranks(), after.ranks()]
        found |= {name: _ranked(ranks[0][name], ranks[1][name]) for name in ranks[0]}
    if ASSESSED.intersection(judged):
        found |= compare_assessed(before.assessed(), after.assessed())
    return found


def _texts() -> str:
    """Name the fixed texts, so that nothing kept outlives a change of them."""
    return hashlib.sha256(OLD.read_bytes()).hexdigest()[:8]


def _old_pieces() -> list[Piece]:
    return [(each["group"], piece) for each in read_sample(OLD) for piece in cut([each["text"]])]


def _difference(
    pieces: Sequence[Piece], before: Sequence[float], after: Sequence[float]
) -> dict[str, Any]:
    kinds, sizes = [kind for kind, _ in pieces], [len(piece) for _, piece in pieces]
    return asdict(compare(sizes, before, after)) | {
        "kinds": {
            kind: [bits, by_kind(kinds, sizes, after)[kind]]
            for kind, bits in by_kind(kinds, sizes, before).items()
        }
    }


def _ranked(before: Sequence[float], after: Sequence[float]) -> dict[str, Any]:
    found = asdict(compare(np.ones(len(before), int).tolist(), before, after))
    del found["bytes"]
    return found
