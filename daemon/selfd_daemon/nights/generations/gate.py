"""The gate between a candidate and the owner: better on what is new, no worse on what is old.

Sure means the 95% interval of a paired bootstrap. The old set is fixed, and a candidate is held
against the weights that ship as well as against its parent, so that small losses cannot add up.
Retrieval and the assessment must surely not lose more than their margins.
A model also gets better on words or letters that somebody has shuffled, at no cost to old text; so
the new text must be text: the order of its words must be worth something to the parent, or pairs
of them must come back more often than by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LOST = {
    "retrieval": 0.02,  # mean reciprocal rank, by the vectors that search uses
    "states": 0.05,  # the same by the model's own states
    "own text": 0.1,  # area under the curve
    "changes": 0.2,  # of the verdicts
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a candidate may cost (docs/lab/0014 has how surely each is measured).

    old: bits per byte on the fixed old set. disorder: the share of new pieces that are in no order;
    a shuffled day has 1, a usual one 0. lost: by what is measured; what is not named here
    may be lost.
    """

    old: float = 0.01
    disorder: float = 0.25
    lost: Mapping[str, float] = field(default_factory=lambda: dict(LOST))

    @property
    def judged(self) -> list[str]:
        """Name what is judged besides the bits of new and old text."""
        return [*self.lost, *(["order"] if self.disorder < 1.0 else [])]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a candidate may serve, and why, with the figures in words."""

    promoted: bool
    reason: str


def judge(figures: Mapping[str, Mapping[str, Any]], limits: Limits | None = None) -> Verdict:
    """Judge a candidate by its differences: `new`, `old`, `shipped` (old, from the root), others.

    An `order` tells of the new text; `least` in a figure is what it must reach afterwards.
    """
    limits = limits or Limits()
    told = f"new text {_bits(figures['new'])}, old text {_bits(figures['old'])}"
    against = _against(figures, limits)
    if against is not None:
        return Verdict(False, f"{against}: {told}")
    kept = [f"{name} {_points(figures[name])}" for name in limits.lost if name in figures]
    return Verdict(True, f"better: {', '.join([told, *kept])}")


def _against(figures: Mapping[str, Mapping[str, Any]], limits: Limits) -> str | None:
    """Say what speaks against a candidate; None: nothing."""
    order = figures.get("order", {"disorder": 0.0})
    if order["disorder"] > limits.disorder:
        return (
            f"the words of the new text are in no order: in {order['disorder']:.0%} of its pieces "
            f"(at most {limits.disorder:.0%}), worth {order['worth']:.3f} bits/byte in all, and "
            f"pairs of words come back no more than by chance ({order['pairs']:+.1f} deviations)"
        )
    if figures["new"]["high"] >= 0.0:
        return "not surely better on new text"
    if figures["old"]["high"] > limits.old:
        return f"worse on old text than a margin of {limits.old:g} allows"
    shipped = figures.get("shipped", figures["old"])
    if shipped["high"] > limits.old:
        return (
            f"worse on old text than what ships, by {_bits(shipped)}, than a margin of "
            f"{limits.old:g} allows"
        )
    for name, value in figures.items():
        if "least" in value and value["after"] < value["least"]:
            return f"{name} fell from {value['before']:.3f} to {value['after']:.3f}"
        if name in limits.lost and value["low"] < -limits.lost[name]:
            return f"{name} may be worse by more than {limits.lost[name]:g}: {_points(value)}"
    return None


def _bits(each: Mapping[str, Any]) -> str:
    change = each["after"] - each["before"]
    return (
        f"{each['before']:.3f} -> {each['after']:.3f} bits/byte "
        f"({change:+.3f}, 95% {each['low']:+.3f} to {each['high']:+.3f})"
    )


def _points(each: Mapping[str, Any]) -> str:
    return (
        f"{each['before']:.3f} -> {each['after']:.3f} "
        f"(95% {each['low']:+.3f} to {each['high']:+.3f})"
    )
