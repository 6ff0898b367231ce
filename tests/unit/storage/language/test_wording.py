"""What says the same is folded; what differs in a number, a name, a date or a negation never is."""

from __future__ import annotations

import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfd_storage import NewMemory, Store
from selfd_storage.language.wording import fingerprint_of_memory, wording_of

pytestmark = pytest.mark.anyio

SAMPLES = Path(__file__).parent / "samples"
DIFFERING = [
    tuple(line.split("\t")) for line in (SAMPLES / "differing.tsv").read_text("utf-8").splitlines()
]
SAME = [
    tuple(line.split("\t", 1)) for line in (SAMPLES / "same.tsv").read_text("utf-8").splitlines()
]


def test_the_labelled_pairs_are_as_many_as_they_are_said_to_be() -> None:
    kinds = Counter(kind for kind, *_ in DIFFERING)
    assert kinds == {"number": 50, "name": 50, "date": 50, "negation": 50}
    assert all(a != b for _, a, b in DIFFERING)
    assert len({(a, b) for _, a, b in DIFFERING}) == 200


@pytest.mark.parametrize(("kind", "one", "other"), DIFFERING)
def test_texts_that_differ_in_what_matters_are_never_the_same(
    kind: str, one: str, other: str
) -> None:
    assert not wording_of(one).same_as(wording_of(other)), kind
    assert not wording_of(other).same_as(wording_of(one)), kind


@pytest.mark.parametrize(("one", "other"), SAME)
def test_texts_that_differ_in_nothing_that_matters_are_the_same(one: str, other: str) -> None:
    first, second = wording_of(one), wording_of(other)
    assert first.same_as(second)
    assert fingerprint_of_memory(0, 1, first) == fingerprint_of_memory(0, 1, second)


async def test_the_labelled_pairs_are_told_apart_by_a_store(store: Store) -> None:
    for number, (_, one, other) in enumerate(DIFFERING):
        source = f"pair {number}"
        told = [NewMemory(text, source=source) for text in (one, other)]
        first, second = await store.memories.add_many(told)
        assert first.id != second.id, (one, other)


async def test_what_is_the_same_is_one_memory_with_every_telling(store: Store) -> None:
    for number, (one, other) in enumerate(SAME):
        source = f"pair {number}"
        told = [NewMemory(text, source=source) for text in (one, other)]
        first, second = await store.memories.add_many(told)
        assert first.id == second.id, (one, other)
        assert first.occurrences > 1


async def test_a_telling_statement_is_folded_whatever_its_source_a_short_one_is_not(
    store: Store,
) -> None:
    long = [NewMemory("The spare key lies under the blue pot.", source=s) for s in ("a", "b", None)]
    assert len({memory.id for memory in await store.memories.add_many(long)}) == 1
    short = [NewMemory("Sounds good to me!", source=s) for s in ("a", "b")]
    assert len({memory.id for memory in await store.memories.add_many(short)}) == 2


async def test_kinds_are_kept_apart(store: Store) -> None:
    text = "The spare key lies under the blue pot."
    first, second = await store.memories.add_many([NewMemory(text, "FACT"), NewMemory(text)])
    assert first.id != second.id


@given(st.text(min_size=1))
def test_every_text_is_the_same_as_itself(text: str) -> None:
    assert wording_of(text).same_as(wording_of(text))
    assert wording_of(text).same_as(wording_of(unicodedata.normalize("NFD", text)))


@given(st.lists(st.text("abc1 .,'-?!AB", min_size=1), min_size=3, max_size=3))
def test_the_same_is_symmetric(texts: list[str]) -> None:
    one, other, _ = map(wording_of, texts)
    assert one.same_as(other) == other.same_as(one)
