"""How hot training runs: warm-up, then flat for as long as it likes, then a short cooling branch.

A flat run can stop and go on at any time; a checkpoint is made usable by cooling a copy of it
(warm-up, stable, decay: Hu et al. 2024, MiniCPM section 4).
"""

from dataclasses import dataclass

WARM_UP = 60  # steps


@dataclass(frozen=True)
class Cooling:
    """A branch that cools from `start` to nothing over `steps`."""

    start: int
    steps: int


def heat(step: int, cooling: Cooling | None) -> float:
    """Give the factor on every learning rate at a step, counted from 1."""
    warm = min(1.0, step / WARM_UP)
    if cooling is None:
        return warm
    return warm * max(0.0, 1.0 - (step - cooling.start) / cooling.steps)
