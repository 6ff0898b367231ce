"""How a test ends: passed, failed, or with too little to measure."""

from __future__ import annotations

from selfd_storage import SelfTestRecord


def measured(name: str, value: float, threshold: float, explanation: str) -> SelfTestRecord:
    """Return a test with its value; it is passed at its threshold."""
    value = round(value, 4)
    return SelfTestRecord(name, value >= threshold, True, value, threshold, explanation)


def unmeasured(name: str, threshold: float, reason: str) -> SelfTestRecord:
    """Return a test that could not be done, with what it would need."""
    return SelfTestRecord(name, False, False, 0.0, threshold, f"Not measured: {reason}.")
