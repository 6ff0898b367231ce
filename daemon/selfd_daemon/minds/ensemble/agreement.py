"""How far answers agree, and which of several to give: votes, weights, and a graph of agreement.

Answers are compared by their words and numbers, however they are put. Letters: K answers.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+")
_IDLE = frozenset(
    re.findall(r"\w+", "a an and are as at be by for from in is it its of on or that the to was")
)
SAME = 0.5  # of the words: two answers that share so many say the same thing
PRIOR_RIGHT, PRIOR_JUDGED = 3.0, 4.0  # a member of whom nothing is known counts as right in 3 of 4


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which answer is given, by its place, and how far each one stands behind it, in [0, 1]."""

    chosen: int
    support: tuple[float, ...]


def weight(right: float, judged: int) -> float:
    """Return what a member's vote is worth: the log odds of its being right, and never nothing.

    With independent members this is the best rule (Nitzan & Paroush 1982, theorem 1).
    """
    share = (right + PRIOR_RIGHT) / (judged + PRIOR_JUDGED)
    return max(0.1, math.log(share / (1.0 - share)))


def vote(answers: Sequence[str], weights: Sequence[float]) -> Verdict:
    """Give what most say in the same words; among equals, what was said first."""
    said = [tuple(_words(answer)) for answer in answers]
    totals: dict[tuple[str, ...], float] = {}
    for words, each in zip(said, weights, strict=True):
        totals[words] = totals.get(words, 0.0) + each
    most = max(totals.values())
    chosen = next(at for at, words in enumerate(said) if totals[words] == most)
    return Verdict(chosen, tuple(float(words == said[chosen]) for words in said))


def consensus(
    answers: Sequence[str], weights: Sequence[float], merits: Sequence[float] | None = None
) -> Verdict:
    """Give the answer in the middle of the heaviest group of those that agree.

    Answers are nodes, joined where they say the same thing; a group is what hangs together. Within
    it the answer that the others agree with most is given.

    Args:
        merits: (K,), of each answer by itself; it multiplies what agreement gives.
    """
    count = len(answers)
    agree = [[agreement(one, other) for other in answers] for one in answers]
    group = _heaviest(agree, weights)
    merits = merits or [1.0] * count

    def standing(at: int) -> float:
        others = sum(weights[other] * agree[at][other] for other in group)
        return others * merits[at]

    chosen = max(group, key=lambda at: (standing(at), -at))
    return Verdict(chosen, tuple(agree[chosen]))


def agreement(one: str, other: str) -> float:
    """Return how far two answers say the same, in [0, 1]: the F1 of their words.

    Different numbers halve it for each, for there a small difference is the whole one.
    """
    left, right = Counter(_words(one)), Counter(_words(other))
    if not left or not right:
        return float(left == right)
    shared = sum((left & right).values())
    if not shared:
        return 0.0
    f1 = 2.0 * shared / (left.total() + right.total())
    numbers = [{word for word in each if word[0].isdigit()} for each in (left, right)]
    return f1 * 0.5 ** len(numbers[0] ^ numbers[1])


def _heaviest(agree: Sequence[Sequence[float]], weights: Sequence[float]) -> list[int]:
    """Return the connected group with the largest sum of weights; among equals the first."""
    left, best = set(range(len(agree))), list[int]()
    while left:
        group, edge = list[int](), [min(left)]
        left.discard(edge[0])
        while edge:
            at = edge.pop()
            group.append(at)
            near = [other for other in left if agree[at][other] >= SAME]
            left.difference_update(near)
            edge += near
        if sum(weights[at] for at in group) > sum(weights[at] for at in best):
            best = sorted(group)
    return best


@lru_cache(maxsize=256)
def _words(answer: str) -> tuple[str, ...]:
    """Return what an answer says, without case, punctuation and the smallest words."""
    words = _WORD.findall(answer.casefold())
    return tuple(word for word in words if word not in _IDLE) or tuple(words)
