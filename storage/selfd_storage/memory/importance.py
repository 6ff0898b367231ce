"""How much a memory matters: by surprise, repetition, recency and feedback, between 0 and 1.

One half is a memory told once, long ago, of common words, that no rated answer relied on. Each of
the four adds to a sum that the logistic function bends into (0, 1), so that none of them alone can
bring it to either end. Importance ranks and never hides: `weighed` orders search results as if it
had moved each score by at most `NUDGE / 2` of itself, and drops none.

The weights are chosen, not learned: what a person told twice counts as much as one good rating,
and both count more than what is merely new or odd.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log2, tanh

from selfd_storage.memory.records import MemoryRecord
from selfd_storage.records import Hit

REPETITION = 0.7  # for each doubling of the times that it was told
FEEDBACK = 1.4  # for many good ratings of answers that quote it, and less for many bad ones
RECENCY = 0.5  # at the moment of its telling, half of it after HALF_LIFE
SURPRISE = 0.5  # for the oddest texts, and less for the most common ones
DAY = 86_400_000  # milliseconds; a memory is the same for the whole of a day
HALF_LIFE = 30 * DAY
USUAL = 2.2  # bits a byte; 150 turns of talk have a median of 2.17 by the shipped model
SPREAD = 1.0  # bits a byte around it, two of their standard deviations
NUDGE = 0.04
SECOND_HAND = 0.85  # of its score a reflection is ordered by: what it quotes comes first


def importance(
    occurrences: int,
    surprise: float | None = None,
    age: int | None = None,
    rating: int = 0,
) -> float:
    """Weigh a memory.

    Args:
        occurrences: how often it was told, from 1 on.
        surprise: bits a byte; None: not measured.
        age: milliseconds since it was told last; None: it counts as old.
        rating: the sum of the ratings of answers that quote it.
    """
    total = REPETITION * log2(max(1, occurrences)) + FEEDBACK * tanh(rating / 2)
    if age is not None:
        total += RECENCY * 2.0 ** (-(max(0, age) // DAY * DAY) / HALF_LIFE)
    if surprise is not None:
        total += SURPRISE * max(-1.0, min(1.0, (surprise - USUAL) / SPREAD))
    return 1 / (1 + exp(-total))


def weighed(hits: Iterable[Hit]) -> list[Hit]:
    """Let the more important of near-equal memories come first; every hit and score stays."""
    return sorted(hits, key=lambda hit: -_weight(hit))


def _weight(hit: Hit) -> float:
    if not isinstance(hit.item, MemoryRecord):
        return hit.score
    second_hand = SECOND_HAND if hit.item.kind == "REFLECTION" else 1.0
    return hit.score * second_hand * (1 + NUDGE * (hit.item.importance - 0.5))
