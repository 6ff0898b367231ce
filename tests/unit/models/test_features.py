"""Integer features: streaming equals at once, and nothing looks ahead."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfd_models.config import RECALL_ORDERS, RECALLS, TABLES
from selfd_models.features import FeatureState, recall_rows, step, table_rows
from selfd_models.patcher import Bytes

BITS = 12
NOTHING = 1024


def _as_array(data: bytes) -> Bytes:
    return np.frombuffer(data, np.uint8)


# Few symbols, so that contexts come back and words begin and end.
_REPETITIVE = st.lists(st.sampled_from(list(b"ab A.\n\xc3")), max_size=300).map(bytes)


@settings(deadline=None, max_examples=60)
@given(st.one_of(st.binary(max_size=300), _REPETITIVE))
def test_streaming_equals_at_once(data: bytes) -> None:
    array = _as_array(data)
    tables, recalls = table_rows(array, BITS), recall_rows(array)
    assert tables.shape == (len(data), TABLES)
    assert recalls.shape == (len(data), RECALLS)
    state = FeatureState()
    for at, byte in enumerate(data):
        assert step(state, byte, BITS) == (tables[at].tolist(), recalls[at].tolist())


def test_streaming_equals_at_once_over_a_long_text(text: Bytes) -> None:
    array = np.concatenate([text[:30_000], np.arange(30_000, dtype=np.uint64).astype(np.uint8)])
    tables, recalls = table_rows(array, BITS), recall_rows(array)
    state = FeatureState()
    for at, byte in enumerate(array.tolist()):
        assert step(state, byte, BITS) == (tables[at].tolist(), recalls[at].tolist())


@pytest.mark.parametrize("at", [0, 1, 57, 199])
def test_a_later_byte_changes_no_earlier_row(text: Bytes, at: int) -> None:
    before = text[:200].copy()
    after = before.copy()
    after[at:] ^= 0x55
    assert (table_rows(before, BITS)[:at] == table_rows(after, BITS)[:at]).all()
    assert (recall_rows(before)[:at] == recall_rows(after)[:at]).all()


def test_recall_tells_what_followed_and_how_often_running() -> None:
    shortest = RECALL_ORDERS[0]
    assert shortest == 3
    rows = recall_rows(_as_array(b"abcXabcXabcXabcXabcXabcYabc"))[:, 0]
    ends = [2, 6, 10, 14, 18, 22, 26]  # each "abc" ends here
    x, y = ord("X"), ord("Y")
    assert rows[ends].tolist() == [NOTHING, x, x + 256, x + 512, x + 768, x + 768, y]


def test_words_are_told_apart_by_the_word_before_and_not_by_case() -> None:
    rows = table_rows(_as_array(b"red house Red HOUSE big house"), BITS)
    word, pair = rows[:, TABLES - 2], rows[:, TABLES - 1]
    assert word[8] == word[18] == word[28]
    assert pair[8] == pair[18]
    assert pair[8] != pair[28]


def test_rows_stay_within_their_table(text: Bytes) -> None:
    rows = table_rows(text[:5000], BITS)
    assert rows.min() >= 0
    assert rows.max() < 1 << BITS
    assert len(np.unique(rows[:, 3])) > 1000
