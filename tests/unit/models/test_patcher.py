"""Patches: streaming equals at once, bounded, near the calibrated length whatever the text."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfd_models.config import TYPICAL_PATCH
from selfd_models.errors import PatcherError
from selfd_models.patcher import Bytes, Patcher, count, cut


def _stream(patcher: Patcher, data: bytes) -> list[bool]:
    state = patcher.start()
    return [patcher.step(state, byte) for byte in data]


def _lengths(ends: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Bytes:
    return np.diff(np.flatnonzero(ends), prepend=-1).astype(np.uint8)


@settings(deadline=None, max_examples=60)
@given(data=st.one_of(st.binary(max_size=400), st.text(max_size=200).map(str.encode)))
def test_streaming_equals_at_once(patcher: Patcher, data: bytes) -> None:
    assert _stream(patcher, data) == patcher.ends(np.frombuffer(data, np.uint8)).tolist()


def test_streaming_equals_at_once_over_a_long_text(patcher: Patcher, text: Bytes) -> None:
    assert _stream(patcher, text.tobytes()) == patcher.ends(text).tolist()


def test_the_mean_patch_of_the_text_is_what_was_calibrated(patcher: Patcher, text: Bytes) -> None:
    assert _lengths(patcher.ends(text)).mean() == pytest.approx(TYPICAL_PATCH, abs=0.5)


@pytest.mark.parametrize(
    "other",
    [
        "Быстрая коричневая лиса перепрыгивает через ленивую собаку и убегает в лес. ",
        "吾輩は猫である。名前はまだ無い。どこで生れたか頓と見当がつかぬ。",
        "if (x == 0x1F) { return y[3] + z->count; } // 42, 17, 99 ",
    ],
)
def test_other_scripts_settle_at_the_same_length(patcher: Patcher, other: str) -> None:
    rng = np.random.default_rng(0)
    pieces = other.split(" ") if " " in other else [other[i : i + 3] for i in range(0, 30, 3)]
    data = " ".join(rng.choice(pieces, 6000)).encode()
    lengths = _lengths(patcher.ends(np.frombuffer(data, np.uint8)))
    assert 4.5 <= lengths[len(lengths) // 4 :].mean() <= 8.0


def test_no_patch_is_longer_than_sixteen_and_a_newline_ends_one(patcher: Patcher) -> None:
    certain = replace(
        patcher, pairs=patcher.pairs * 0, triples=patcher.triples * 0, quads=patcher.quads * 0
    )
    data = np.frombuffer(b"a" * 50 + b"one\ntwo\n" + b"b" * 50, np.uint8)
    assert _lengths(certain.ends(data)).tolist() == [16, 16, 16, 6, 4, 16, 16, 16]


def test_a_later_byte_moves_no_earlier_end(patcher: Patcher, text: Bytes) -> None:
    before = text[:2000].copy()
    after = before.copy()
    after[1500:] = ord("z")
    assert (patcher.ends(before)[:1500] == patcher.ends(after)[:1500]).all()


def test_a_higher_threshold_starts_with_longer_patches(patcher: Patcher, text: Bytes) -> None:
    some = text[:400]
    counts = [int(cut(patcher.entropies(some), some, level).sum()) for level in (20, 60, 100, 140)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_a_patch_starts_where_the_text_is_hard_to_guess(patcher: Patcher, text: Bytes) -> None:
    entropy = patcher.entropies(text)
    ends = patcher.ends(text)
    assert entropy[ends].mean() > 2.0 * entropy[~ends].mean()


def test_too_little_text_to_count_is_refused(text: Bytes) -> None:
    with pytest.raises(PatcherError, match="needs 65536 bytes of text to count, got 1000"):
        count(text[:1000])
