"""Chains of neighbours, and how retrievers are fused."""

from __future__ import annotations

import random

import numpy as np
import pytest

from selfd_storage.ids import CODES
from selfd_storage.ranking.fusion import Candidates, Query, Ranked, View, fuse
from selfd_storage.ranking.weights import ALONE
from selfd_storage.ranking.words import rarest, weight
from selfd_storage.words.chains import GAP, NONE, Chains
from selfd_storage.words.columns import OPEN, Columns, Entry

MEMORY, ARTICLE, CHUNK = CODES["memory"], CODES["article"], CODES["chunk"]


def entry(item: int, place: int, *, kind: int = MEMORY, parent: int = 1, to: int = OPEN) -> Entry:
    return Entry(kind, item, parent, place, 0, to, 5, 0, False)


def chained(*entries: Entry) -> tuple[Columns, Chains]:
    columns = Columns()
    chains = Chains(columns)
    for doc, each in enumerate(entries, start=1):
        columns.put([doc], [each])
        chains.join([doc])
    return columns, chains


def order(chains: Chains, doc: int) -> list[int]:
    """Return the whole chain of a document, from its start."""
    while chains.previous[doc] != NONE:
        doc = int(chains.previous[doc])
    found = [doc]
    while chains.next[doc] != NONE:
        doc = int(chains.next[doc])
        found.append(doc)
    return found


def test_memories_of_one_source_that_follow_soon_are_an_episode() -> None:
    _, chains = chained(entry(1, 0), entry(2, GAP), entry(3, 2 * GAP + 1))
    assert order(chains, 1) == [1, 2]
    assert order(chains, 3) == [3]
    assert chains.episode[1] == chains.episode[2] != chains.episode[3]


def test_sources_and_kinds_do_not_mix() -> None:
    _, chains = chained(entry(1, 0), entry(2, 0, parent=2), entry(3, 0, kind=CHUNK))
    assert [order(chains, doc) for doc in (1, 2, 3)] == [[1], [2], [3]]


def test_a_memory_of_no_known_source_stands_alone() -> None:
    _, chains = chained(entry(1, 0, parent=0), entry(2, 1, parent=0))
    assert [order(chains, doc) for doc in (1, 2)] == [[1], [2]]


def test_a_file_is_one_episode_and_each_article_is_one() -> None:
    far = 1000 * GAP
    _, chains = chained(
        entry(1, 0, kind=CHUNK),
        entry(2, far, kind=CHUNK),
        entry(1, 0, kind=ARTICLE),
        entry(2, 1, kind=ARTICLE),
    )
    assert order(chains, 1) == [1, 2]
    assert order(chains, 3) == [3]


def test_what_comes_late_is_put_in_its_place() -> None:
    _, chains = chained(entry(1, 0), entry(2, 20), entry(3, 10))
    assert order(chains, 1) == [1, 3, 2]


def test_neighbours_of_what_leaves_stand_beside_each_other() -> None:
    columns, chains = chained(entry(1, 0), entry(2, 10), entry(3, 20))
    chains.leave([2])
    columns.bury([2])
    assert order(chains, 1) == [1, 3]
    assert chains.sizes[chains.episode[1]] == 2


def test_a_chain_goes_on_after_its_end_has_left() -> None:
    columns, chains = chained(entry(1, 0), entry(2, 10))
    chains.leave([2])
    columns.bury([2])
    columns.put([3], [entry(3, 20)])
    chains.join([3])
    assert order(chains, 3) == [1, 3]


def test_what_held_once_is_in_no_chain() -> None:
    _, chains = chained(entry(1, 0), entry(2, 10, to=99), entry(3, 20))
    assert order(chains, 1) == [1, 3]
    assert chains.episode[2] == NONE


@pytest.mark.parametrize("seed", range(5))
def test_chains_built_step_by_step_are_those_built_at_once(seed: int) -> None:
    rng = random.Random(seed)
    columns, chains = chained(
        *(
            entry(n, rng.randrange(50) * GAP // 4, kind=rng.choice([MEMORY, CHUNK]), parent=n % 3)
            for n in range(1, 200)
        )
    )
    gone = rng.sample(range(1, 200), 40)
    chains.leave(gone)
    columns.bury(gone)
    moved = [doc for doc in rng.sample(range(1, 200), 40) if doc not in gone]
    chains.leave(moved)
    for doc in moved:
        columns.revise(doc, rng.randrange(50) * GAP // 4, OPEN)
    chains.join(moved)
    fresh = Chains(columns)
    living = columns.present()
    assert [order(chains, doc) for doc in living] == [order(fresh, doc) for doc in living]
    for episode, again in zip(chains.episode[living], fresh.episode[living], strict=True):
        assert chains.lengths[episode] == fresh.lengths[again]
        assert chains.sizes[episode] == fresh.sizes[again]
    assert np.array_equal(chains.mean_lengths(), fresh.mean_lengths())


def said(via: str, **scores: float) -> Candidates:
    docs = [int(name[1:]) for name in scores]
    flags = {via: np.ones(len(docs), np.bool_)}
    return Candidates(np.array(docs), np.array(list(scores.values()), np.float32), flags)


def ranked(first: int = 10, named: float = 0.0, **opinions: Candidates) -> list[Ranked]:
    """Fuse over four documents that stand alone and two, 5 and 6, that stand together."""
    alone = [entry(n, 0, parent=0) for n in range(1, 5)]
    columns, chains = chained(*alone, entry(5, 0), entry(6, 1))
    return fuse(opinions, View(columns, chains), Query(("a",), named=named), first)


def test_fusing_adds_up_what_each_retriever_says() -> None:
    words, codes = said("lexical", d1=0.8, d2=0.4), said("dense", d2=0.8, d3=0.2)
    found = ranked(lexical=words, dense=codes)
    assert [(each.doc, each.via) for each in found] == [
        (2, ("lexical", "dense")),
        (1, ("lexical",)),
        (3, ("dense",)),
    ]
    dense = ALONE.dense / (1 + ALONE.dense)
    told = [0.4 * (1 - dense) + 0.8 * dense, 0.8 * (1 - dense), 0.2 * dense]
    assert [each.score for each in found] == pytest.approx(told)


def test_meaning_counts_less_among_others_and_for_names() -> None:
    alone, among = said("dense", d1=0.9), said("dense", d5=0.9)
    nothing = said("lexical")
    free, beside = (ranked(lexical=nothing, dense=each)[0].score for each in (alone, among))
    named = ranked(lexical=nothing, dense=alone, named=1.0)[0].score
    assert free > named
    assert free > beside


def test_names_in_the_best_texts_count_less_for_a_long_question() -> None:
    of = ALONE.of
    short, long = (of(named=0, terms=n, has_meaning=True)["about"] for n in (5, 25))
    assert short > 5 * long > 0


def test_an_opinion_on_what_others_found_counts_but_is_not_named() -> None:
    codes = said("dense", d1=0.5, d2=0.9)
    codes.found["dense"][:] = [False, True]
    found = ranked(lexical=said("lexical", d1=0.6, d2=0.6), dense=codes)
    assert [each.via for each in found] == [("lexical", "dense"), ("lexical",)]


def test_of_equals_the_newer_comes_first_and_no_more_than_asked_for() -> None:
    found = ranked(2, lexical=said("lexical", d1=0.5, d2=0.5, d3=0.5))
    assert [each.doc for each in found] == [3, 2]


def test_without_meaning_words_count_whole_and_a_score_is_at_most_one() -> None:
    found = ranked(lexical=said("lexical", d1=1.7, d2=0.6))
    assert [each.score for each in found] == pytest.approx([1.0, 0.6])


def test_nothing_found_is_nothing_ranked() -> None:
    assert ranked(lexical=said("lexical")) == []


def test_common_words_are_left_out_once_the_budget_is_spent() -> None:
    assert rarest({"the": 900, "cat": 5, "sat": 90}, 100) == ["cat", "sat"]
    assert rarest({"the": 900}, 100) == ["the"]
    assert rarest({}, 100) == []


def test_a_rare_word_weighs_more_and_none_weighs_less_than_nothing() -> None:
    assert weight(1, 1000) > weight(500, 1000) > weight(1000, 1000) > 0
