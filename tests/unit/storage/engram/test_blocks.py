"""Sparse block codes: exact where they promise it, measured where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage.engram.blocks import (
    Codes,
    atom,
    atoms,
    bind,
    bundle,
    occurrences,
    permute,
    slots_of,
    support,
    thin,
    unbind,
)


def names(count: int, prefix: str = "n") -> list[bytes]:
    return [f"{prefix}{number}".encode() for number in range(count)]


def test_a_name_has_the_same_code_everywhere() -> None:
    assert atom(b"selfd", 4).tolist() == [26333, 40136, 23073, 59660]
    assert np.array_equal(atoms([b"a", b"selfd"], 4)[1], atom(b"selfd", 4))


@given(st.binary(), st.binary())
def test_unbinding_gives_the_partner_back_exactly(first: bytes, second: bytes) -> None:
    a, b = atom(first, 128), atom(second, 128)
    assert np.array_equal(unbind(bind(a, b), b), a)
    assert np.array_equal(bind(a, b), bind(b, a))


def test_permuting_makes_another_code_and_can_be_undone() -> None:
    code = atom(b"first", 128)
    assert (permute(code) == code).mean() < 0.1
    assert np.array_equal(permute(permute(code), -1), code)


def test_a_bundle_does_not_know_the_order_of_adding() -> None:
    codes = atoms(names(200), 8)
    shuffled = codes[np.random.default_rng(1).permutation(len(codes))]
    assert np.array_equal(bundle(codes, 512), bundle(shuffled, 512))


def test_what_was_added_can_be_taken_out() -> None:
    codes = atoms(names(50), 8)
    assert np.array_equal(bundle(codes, 256) - bundle(codes[10:], 256), bundle(codes[:10], 256))


@given(st.lists(st.sampled_from(names(30)), max_size=100))
def test_a_count_is_never_too_low(added: list[bytes]) -> None:
    codes = atoms(added, 8) if added else np.zeros((0, 8), np.uint16)
    counted = occurrences(bundle(codes, 64), atoms(names(30), 8))
    assert all(count >= added.count(name) for count, name in zip(counted, names(30), strict=True))


def test_a_single_code_survives_thinning() -> None:
    code = atom(b"alone", 128)
    assert np.array_equal(thin(bundle(code[None], 1 << 16)), code)


def retrieved(pairs: int, blocks: int, slots: int) -> float:
    """Return how many of `pairs` values are found again in one bundle of key-value pairs."""
    keys, values = atoms(names(pairs, "k"), blocks), atoms(names(256, "v"), blocks)
    chosen = np.random.default_rng(pairs).integers(0, len(values), pairs)
    counts = bundle(bind(keys, values[chosen]), slots)
    hits = 0
    for key, value in zip(keys, chosen, strict=True):
        hits += int(np.argmax(support(counts, bind(values, key[None]))) == value)
    return hits / pairs


@pytest.mark.parametrize("pairs", [16, 64, 128])
def test_a_bundle_of_128_blocks_and_64_slots_holds_128_pairs(pairs: int) -> None:
    assert retrieved(pairs, 128, 64) >= 0.99


def test_a_bundle_forgets_when_it_holds_too_much() -> None:
    assert retrieved(4096, 128, 64) < 0.5


@pytest.mark.parametrize("slots", [0, 1, 3, 100, 1 << 17])
def test_slots_that_are_no_power_of_two_are_refused(slots: int) -> None:
    codes: Codes = atoms([b"a"], 8)
    with pytest.raises(ValueError, match="power of two"):
        slots_of(codes, slots)
