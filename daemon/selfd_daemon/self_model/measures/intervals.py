"""How sure a share is: Wilson's interval, and whether it changes."""

from __future__ import annotations

import math

Z95 = 1.959963984540054
LEAST_FOR_A_TREND = 5  # judged attempts on either side


def wilson(successes: int, attempts: int) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson 1927); (0, 1) before any attempt."""
    if not attempts:
        return 0.0, 1.0
    share, z2 = successes / attempts, Z95 * Z95
    middle = (share + z2 / (2 * attempts)) / (1 + z2 / attempts)
    spread = share * (1 - share) / attempts + z2 / (4 * attempts * attempts)
    half = Z95 * math.sqrt(spread) / (1 + z2 / attempts)
    return max(0.0, middle - half), min(1.0, middle + half)


def trend(recent: tuple[int, int], earlier: tuple[int, int]) -> float | None:
    """Return the recent share of successes minus the earlier one, None with too few to tell.

    Args: recent, earlier: (attempts, successes).
    """
    if min(recent[0], earlier[0]) < LEAST_FOR_A_TREND:
        return None
    return recent[1] / recent[0] - earlier[1] / earlier[0]
