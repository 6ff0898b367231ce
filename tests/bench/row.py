"""One line of the table that `make bench` prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure; `budget` None where the design sets none."""

    name: str
    value: float
    unit: str
    budget: float | None
    better: Literal["lower", "higher"]
    note: str = ""

    @property
    def verdict(self) -> str:
        """Say whether the budget was kept; nothing where there is none."""
        if self.budget is None:
            return ""
        kept = self.value <= self.budget if self.better == "lower" else self.value >= self.budget
        return "kept" if kept else "MISSED"
