"""The tests that take the model: own text, and changes of its weights.

They run in a child process at the lowest priority, one short call after the other, so that a
cancelled assessment ends at once and a crash there costs nothing else.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from selfd_daemon.child import Child
from selfd_daemon.self_model.assessment.verdicts import measured, unmeasured
from selfd_models.probes import CONTINUED, NOTICED, PROBE, PROMPT, TEMPERATURE, WHOLE
from selfd_storage import SelfTestRecord

OWN_TEXT = "own-text recognition"
CHANGES = "change detection"
OWN_THRESHOLD = 0.7  # chance is 0.5
CHANGE_THRESHOLD = 0.9
TEXTS, LEAST_TEXTS = 20, 8
TRIALS = 20  # and as many shams
SECONDS, MEMORY = 120.0, 4 << 30

Progress = Callable[[float], Awaitable[None]]


class Examiner:
    """Asks the weights that serve; `close` puts the process away."""

    def __init__(self, path: Path, rng: random.Random, *, trials: int = TRIALS) -> None:
        from selfd_models import self_tests

        self._calls = self_tests  # it brings the model's code, which the daemon loads when it must
        self._path = str(path)
        self._rng = rng
        self._trials = trials
        self._child = Child("examiner", seconds=SECONDS, memory_bytes=MEMORY, max_calls=10_000)

    async def close(self) -> None:
        """End the process."""
        await self._child.close()

    async def fingerprint(self) -> str:
        """Return the first digits of the hash of the weights, recomputed from their arrays."""
        found = await self._child.call(self._calls.read_weights, b"", path=self._path)
        return str(found["fingerprint"])

    async def bits_per_byte(self, texts: Sequence[str]) -> float:
        """Return the mean bits per byte of texts."""
        bits = []
        for text in texts:
            call = self._child.call(self._calls.bits_per_byte, text.encode(), path=self._path)
            bits.append(float((await call)["bits"]))
        return _mean(bits)

    async def own_text(self, texts: Sequence[bytes], progress: Progress) -> SelfTestRecord:
        """Tell whether its own surprise tells its own text from that of others."""
        if len(texts) < LEAST_TEXTS:
            reason = f"{len(texts)} stored texts have {WHOLE} bytes, it takes {LEAST_TEXTS}"
            return unmeasured(OWN_TEXT, OWN_THRESHOLD, reason)
        own, other = [], []
        for number, text in enumerate(texts, start=1):
            seed = self._rng.getrandbits(32)
            bits = await self._child.call(
                self._calls.own_and_other,
                text,
                path=self._path,
                seed=seed,
                given=PROMPT,
                temperature=TEMPERATURE,
            )
            own.append(bits["own"])
            other.append(bits["other"])
            await progress(number / len(texts))
        told = (
            f"{len(own)} texts of yours and {len(own)} continuations of its own, "
            f"{CONTINUED} bytes each after the same beginnings, drawn at temperature "
            f"{TEMPERATURE}: {_mean(own):.2f} bits per byte for its own, {_mean(other):.2f} for "
            "yours. The value is the area under the curve, where chance is .5."
        )
        return measured(OWN_TEXT, area_under_curve(own, other), OWN_THRESHOLD, told)

    async def changes(self, progress: Progress) -> SelfTestRecord:
        """Tell whether it notices by what it expects that the weights of a copy were changed."""
        noticed, shams, missed = 0, 0, []
        for number in range(2 * self._trials):
            sham = number % 2 == 1
            found = await self._child.call(
                self._calls.change,
                PROBE,
                path=self._path,
                seed=self._rng.getrandbits(32),
                sham=sham,
            )
            if found["moved"] > NOTICED:
                noticed, shams = noticed + (not sham), shams + sham
            elif not sham:
                missed.append(f"{found['array']} by {found['share']:.1%}")
            await progress((number + 1) / (2 * self._trials))
        told = (
            f"It noticed {noticed} of {self._trials} silent changes and took {shams} of "
            f"{self._trials} shams for one. The value is the share of right verdicts."
        )
        unseen = f" Not noticed: {', '.join(missed)}." if missed else ""
        right = noticed + self._trials - shams
        return measured(CHANGES, right / (2 * self._trials), CHANGE_THRESHOLD, told + unseen)


def area_under_curve(lower: Sequence[float], higher: Sequence[float]) -> float:
    """Return the share of pairs in which the first is lower; a tie is half a pair."""
    pairs = [(one < two) + 0.5 * (one == two) for one in lower for two in higher]
    return sum(pairs) / len(pairs)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
