"""Sets of documents: what NumPy's own routines say, in less time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage.ranking.doc_sets import among, union

numbers = st.sets(st.integers(0, 50)).map(sorted)


@given(st.lists(numbers, max_size=4))
def test_a_union_holds_each_document_once_and_in_order(sets: list[list[int]]) -> None:
    merged = union(np.array(each, np.int64) for each in sets)
    assert merged.tolist() == sorted(set().union(*sets))


@given(numbers, numbers)
def test_documents_are_told_that_are_in_a_set(docs: list[int], known: list[int]) -> None:
    found = among(np.array(docs, np.int64), np.array(known, np.int64))
    assert found.tolist() == [doc in known for doc in docs]
