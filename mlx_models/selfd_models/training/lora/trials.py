"""What an adapter is held to: held-out pairs, old text, retrieval by its states, its own text.

As `evaluation.trials` does for the built-in model, with and without what was learned, on the same
fixed texts. Silent changes are no test here: what watches itself for those is the built-in model.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from selfd_models.probes import PROMPT, TEMPERATURE
from selfd_models.training.data.replay import OLD, read_sample
from selfd_models.training.evaluation.assessing import beginnings, compare_own
from selfd_models.training.evaluation.comparison import SEED, compare
from selfd_models.training.evaluation.retrieval import by_states, cloze
from selfd_models.training.lora.adapting import Adapter, Pair

OLD_BYTES = 400  # of each piece: an mlx-lm model on a processor is slow


@dataclass(frozen=True)
class Tried:
    """What an adapter gives on the fixed texts and on held-out pairs.

    new, old: bits and bytes of each text. prefers: the share of pairs of which it finds the chosen
    text likelier, None where nothing was rejected. states: reciprocal ranks, empty where the
    architecture does not show its layers. own, other: bits per byte of its own continuations and
    the texts'.
    """

    new: list[tuple[float, int]]
    old: list[tuple[float, int]]
    prefers: float | None
    states: list[float]
    own: list[float]
    other: list[float]


def try_out(adapter: Adapter, held_out: Sequence[Pair]) -> Tried:
    """Measure a model as it is now."""
    texts = [str(each["text"]) for each in read_sample(OLD)]
    own, other = _own_text(adapter, texts)
    return Tried(
        new=[adapter.bits(pair.prompt, pair.chosen) for pair in held_out],
        old=[adapter.bits("", text[:OLD_BYTES]) for text in texts],
        prefers=_preference(adapter, held_out),
        states=_ranks(adapter, texts),
        own=own,
        other=other,
    )


def difference(before: Tried, after: Tried) -> dict[str, Any]:
    """Tell what learning changed, as `gate.judge` reads it."""
    found: dict[str, Any] = {}
    for name, old, new in (("new", before.new, after.new), ("old", before.old, after.old)):
        sizes = [size for _, size in old]
        found[name] = asdict(compare(sizes, [bits for bits, _ in old], [bits for bits, _ in new]))
    if before.prefers is not None:
        found["preference"] = {
            "before": before.prefers,
            "after": after.prefers,
            "least": before.prefers,
        }
    if before.states:
        each = [1] * len(before.states)
        found["states"] = asdict(compare(each, before.states, after.states))
    found["own text"] = compare_own((before.own, before.other), (after.own, after.other))
    return found


def _preference(adapter: Adapter, held_out: Sequence[Pair]) -> float | None:
    both = [(pair.prompt, pair.chosen, pair.rejected) for pair in held_out if pair.rejected]
    if not both:
        return None
    chosen = [
        adapter.bits(prompt, good)[0] < adapter.bits(prompt, bad)[0] for prompt, good, bad in both
    ]
    return float(np.mean(chosen))


def _ranks(adapter: Adapter, texts: Sequence[str]) -> list[float]:
    return by_states(adapter, cloze(texts)) if adapter.shows_states else []


def _own_text(adapter: Adapter, texts: Sequence[str]) -> tuple[list[float], list[float]]:
    """Give the bits per byte of its own continuations of texts, and of the texts' own."""
    own, other = list[float](), list[float]()
    for number, body in enumerate(beginnings(texts)):
        beginning = body[:PROMPT].decode(errors="ignore")
        rest = body[PROMPT:].decode(errors="ignore")
        size = len(rest.encode())
        made = adapter.continued(beginning, size, temperature=TEMPERATURE, seed=SEED + number)
        for text, bits in ((made, own), (rest, other)):
            cost, length = adapter.continuation_bits(beginning, text)
            bits.append(cost / length)
    return own, other
