"""The weights of a search are those that the sample beside their script gives."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from bench import close_look
from bench.fusion import fitted
from selfd_storage.ranking.weights import ALONE, AMONG, CLOSE


def test_the_weights_are_those_that_were_learned() -> None:
    learned = fitted()
    for weights, row in ((ALONE, learned["ALONE"]), (AMONG, learned["AMONG"])):
        assert row.pop("lexical") == pytest.approx(1.0)
        assert {"named": 0.0} | row == pytest.approx(asdict(weights), abs=0.005)  # two places


def test_the_weights_of_a_close_look_are_those_that_were_learned() -> None:
    assert close_look.fitted() == pytest.approx(dict(CLOSE), abs=0.005)  # two places


def test_weights_of_words_and_meaning_add_up_to_one() -> None:
    for weights in (ALONE, AMONG):
        told = weights.of(named=0.5, terms=7, has_meaning=True)
        assert told["lexical"] + told["dense"] == pytest.approx(1.0)
        alone = weights.of(named=0.5, terms=7, has_meaning=False)
        assert (alone["lexical"], alone["dense"]) == (1.0, 0.0)
