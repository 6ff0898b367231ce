"""The gate between a candidate and the owner: better on what is new, no worse on what is old.

Sure means the 95% interval of a paired bootstrap. The old set is fixed, and a candidate is held
against the weights that ship as well as against its parent, so that small losses cannot add up.
A model also gets better on letters that somebody has shuffled, at no cost to old text; so the new
text must be text, which `dataset.disorder` measures without any model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MARGIN = 0.01  # bits per byte on the fixed old set
MOST_DISORDER = 0.95  # shuffled text has 1.00, prose of any language .6 to .8 (docs/lab/0014)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate may serve, and why, with the figures in words."""

    promoted: bool
    reason: str


def judge(figures: Mapping[str, Mapping[str, Any]], margin: float = MARGIN) -> Verdict:
    """Judge a candidate by its differences: `new`, `old`, and `shipped` (old, from the root)."""
    new, old = figures["new"], figures["old"]
    shipped = figures.get("shipped", old)
    disorder = figures.get("disorder", {}).get("after", 0.0)
    told = f"new text {_words(new)}, old text {_words(old)}"
    if disorder > MOST_DISORDER:
        return Verdict(
            False,
            f"the new text is in no order (disorder {disorder:.2f}, most {MOST_DISORDER}): {told}",
        )
    if new["high"] >= 0.0:
        return Verdict(False, f"not surely better on new text: {told}")
    if old["high"] > margin:
        return Verdict(False, f"worse on old text than a margin of {margin:g} allows: {told}")
    if shipped["high"] > margin:
        return Verdict(
            False, f"worse on old text than what ships, by {_words(shipped)}: margin {margin:g}"
        )
    for name, value in figures.items():
        if "least" in value and value["after"] < value["least"]:
            return Verdict(
                False, f"{name} fell from {value['before']:.3f} to {value['after']:.3f}: {told}"
            )
    return Verdict(True, f"better: {told}")


def _words(each: Mapping[str, Any]) -> str:
    change = each["after"] - each["before"]
    return (
        f"{each['before']:.3f} -> {each['after']:.3f} bits/byte "
        f"({change:+.3f}, 95% {each['low']:+.3f} to {each['high']:+.3f})"
    )
