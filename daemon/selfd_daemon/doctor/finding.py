"""What every part of the doctor gives: one thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Not `ok` is a fault; `ok` with a `next_step` is advice; `ok` without one is all well.
    """

    name: str
    ok: bool
    what: str
    next_step: str | None = None
