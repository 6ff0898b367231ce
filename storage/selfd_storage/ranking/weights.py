"""What each retriever's opinion counts: learned, not guessed.

Fitted by `tests/bench/fusion.py` to questions about paragraphs, facts and single sentences whose
answers are known, none of them of a collection that selfd is measured on (docs/lab/0010). A
document that stands among others, as a turn of a dialogue does, has its surroundings in its lexical
score, and what it means by itself tells less; so there is a row for those and one for all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FULL = 10  # terms of a question from which on names that it does not have tell less and less


@dataclass(frozen=True, slots=True)
class Weights:
    """What opinions count beside that of words, which is 1.

    dense     meaning
    named     the same, times the share of names in the question: vectors know few of them
    about     a text that begins with a name from the best texts
    mentions  a text that holds one elsewhere
    """

    dense: float
    named: float
    about: float
    mentions: float

    def of(self, *, named: float, terms: int, has_meaning: bool) -> dict[str, float]:
        """Return the weights for one question; those of words and meaning add up to 1."""
        dense = max(0.0, self.dense + self.named * named) if has_meaning else 0.0
        step = min(1.0, FULL / max(1, terms)) ** 2
        raw = {
            "lexical": 1.0,
            "dense": dense,
            "about": self.about * step,
            "mentions": self.mentions * step,
        }
        return {name: weight / (1 + dense) for name, weight in raw.items()}


ALONE = Weights(dense=0.81, named=-0.43, about=0.24, mentions=0.02)
AMONG = Weights(dense=0.32, named=0.0, about=0.04, mentions=0.03)

NEIGHBOURS = 10  # terms of a question that stand near each other: what one text is asked for

# What a close look counts, in log odds that a text is needed; tests/bench/close_look.py fits it.
CLOSE: Mapping[str, float] = {
    "window": 4.77,
    "meaning": 1.90,
    "rarest": 1.87,
    "title": 0.89,
    "about": 2.41,
    "joint": 3.49,
    "root": 2.87,
}
