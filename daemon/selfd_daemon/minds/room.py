"""Whether a model fits into this machine's memory, and what would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psutil

from selfd_daemon.minds.errors import MindTooLargeError
from selfd_daemon.minds.mlx.files import ModelFiles
from selfd_daemon.minds.options import MlxOptions

SHARE = 0.85  # of what is free, so that the machine does not begin to swap
LEAST_CONTEXT = 512  # tokens; with less no question finds room beside its sources


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of memory: all of it, and what could be had now."""

    total: int
    available: int

    @property
    def room(self) -> int:
        """How much a model may take."""
        return round(self.available * SHARE)


ReadMemory = Callable[[], Memory]


def read_memory() -> Memory:
    """Measure this machine."""
    found = psutil.virtual_memory()
    return Memory(int(found.total), int(found.available))


def refuse_too_large(files: ModelFiles, options: MlxOptions, context: int, memory: Memory) -> None:
    """Refuse a model that does not fit.   Raises: MindTooLargeError: and says what would."""
    needs = files.needs(context, options.kv_bits)
    if needs <= memory.room:
        return
    raise MindTooLargeError(
        f"{str(files.folder)!r} needs {size_text(needs)} with {context:,} tokens of context, "
        f"and {size_text(memory.room)} of {size_text(memory.total)} can be had: "
        f"{advice(files, memory)}",
        needs=needs,
        room=memory.room,
    )


def advice(files: ModelFiles, memory: Memory) -> str:
    """Say what would fit of a model: less context, smaller numbers, or another model."""
    found: list[str] = []
    for kv_bits in (None, 8, 4):
        fits = _longest(files, kv_bits, memory.room)
        if fits >= LEAST_CONTEXT:
            with_bits = "" if kv_bits is None else f" and kv_bits {kv_bits}"
            return f"it fits with context_tokens {fits}{with_bits}"
    for bits in (8, 4, 3):
        if (files.bits or 16) > bits and files.needs(LEAST_CONTEXT, 8, bits) <= memory.room:
            size = size_text(files.needs(LEAST_CONTEXT, 8, bits))
            found.append(f"the same model in {bits} bits needs {size}")
    if found:
        return found[0]
    most = memory.room / (4 / 8 + 0.0625) / 1.15 / 1e9
    return f"a 4-bit model of at most {max(most, 0.0):.1f}e9 parameters fits"


def _longest(files: ModelFiles, kv_bits: int | None, room: int) -> int:
    """Return the longest context that fits, in steps of 512 tokens."""
    longest, step = 0, LEAST_CONTEXT
    while longest + step <= files.context and files.needs(longest + step, kv_bits) <= room:
        longest += step
    return longest


def size_text(size: float) -> str:
    """Write a size for people."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
