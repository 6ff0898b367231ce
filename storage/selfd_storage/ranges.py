"""Many row numbers in few bytes, for the payload of an event: inclusive ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def pack_ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Return [first, last] for each run of numbers without a gap, in their order."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def unpack_ranges(ranges: Iterable[Sequence[int]]) -> Iterator[int]:
    """Yield the numbers of packed ranges."""
    for first, last in ranges:
        yield from range(first, last + 1)
