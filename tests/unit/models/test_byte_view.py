"""A token model read byte by byte, against a sum over every way to cut the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_models.byte_view import ByteView

TOKENS = (b"", b"a", b"b", b"c", b"ab", b"abc", b"bc", b"ca", b"cab", b"\xff", b"\xff\xff", b"b")
Text = tuple[int, ...]


class Bigram:
    """Any token follows any other, with chances that were drawn; it remembers the whole text."""

    vocabulary = TOKENS

    def __init__(self, seed: int = 1) -> None:
        drawn = np.random.default_rng(seed).dirichlet(np.full(len(TOKENS), 0.4), len(TOKENS) + 1)
        self._chances = drawn
        self.asked = 0

    def start(self) -> Text:
        return ()

    def step(self, state: Text, token: int) -> Text:
        return (*state, token)

    def next(self, states: Sequence[Text]) -> NDArray[np.float64]:
        self.asked += len(states)
        return np.stack([self._chances[state[-1] if state else -1] for state in states])

    def of_a_text(self, text: bytes, last: int = -1) -> float:
        """Sum over all tokens that begin the text, or reach beyond it, given that text goes on."""
        row = self._chances[last].copy()
        row[0] = 0.0
        row /= row.sum()
        if not text:
            return 1.0
        total = 0.0
        for number, token in enumerate(TOKENS):
            if token and token.startswith(text):
                total += row[number]
            elif token and text.startswith(token):
                total += row[number] * self.of_a_text(text[len(token) :], number)
        return total


def _exact(model: Bigram, text: bytes) -> NDArray[np.float64]:
    found = np.array([model.of_a_text(text + bytes((byte,))) for byte in range(256)])
    found /= found.sum()
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("text", [b"", b"a", b"abcab", b"cabcabca\xff\xff", b"\xffbbb"])
def test_it_is_the_sum_over_every_way_to_cut_the_text(text: bytes, seed: int) -> None:
    model = Bigram(seed)
    view = ByteView(model, beam=None, least=0.0)
    view.read(text)
    np.testing.assert_allclose(view.next(), _exact(model, text), atol=1e-6)  # the floor
    assert view.dropped == pytest.approx(0.0, abs=1e-9)


def test_it_sums_to_one_wherever_it_is_asked() -> None:
    view = ByteView(Bigram(), beam=2)
    for byte in b"abcabcacbbca\xff\xff" * 5:
        assert view.next().sum() == pytest.approx(1.0, abs=1e-6)
        view.read(bytes((byte,)))


def test_a_narrow_beam_asks_less_and_says_how_much_it_dropped() -> None:
    wide, narrow = Bigram(), Bigram()
    exact, bounded = ByteView(wide, beam=None, least=0.0), ByteView(narrow, beam=1)
    text = b"abcabcabcab"
    exact.read(text)
    bounded.read(text)
    assert narrow.asked < wide.asked / 4
    assert exact.dropped == pytest.approx(0.0, abs=1e-9)
    assert bounded.dropped > 0.01
    error = float(np.abs(exact.next() - bounded.next()).sum()) / 2
    assert error <= bounded.dropped


def test_paths_that_lead_to_the_same_state_are_one() -> None:
    class Forgetful(Bigram):
        def step(self, state: Text, token: int) -> Text:
            return (token,)

    model = Forgetful()
    view = ByteView(model, beam=None, least=0.0)
    view.read(b"abc" * 20)
    assert model.asked < 60 * len(TOKENS)
    twin = ByteView(Bigram(), beam=None, least=0.0)
    twin.read(b"abcabc")
    again = ByteView(Forgetful(), beam=None, least=0.0)
    again.read(b"abcabc")
    np.testing.assert_allclose(twin.next(), again.next(), atol=1e-9)


def test_what_was_dropped_is_taken_up_again_where_nothing_else_leads_on() -> None:
    """`abc` is one token nearly always, so `ab` and then `b` was dropped by then."""
    model = Bigram()
    model._chances[:] = 1e-9
    model._chances[:, TOKENS.index(b"abc")] = 1.0
    view = ByteView(model)
    view.read(b"ab")
    assert view.next()[ord("b")] < 1e-6
    view.read(b"b")
    assert view.restarts == 0
    np.testing.assert_allclose(view.next(), _exact(model, b"abb"), atol=1e-3)


def test_a_byte_that_no_token_holds_begins_a_new_text() -> None:
    view, fresh = ByteView(Bigram()), ByteView(Bigram())
    view.read(b"abz")
    assert view.restarts == 1
    np.testing.assert_allclose(view.next(), fresh.next())


def test_a_fork_is_read_on_by_itself() -> None:
    view = ByteView(Bigram(), beam=None, least=0.0)
    view.read(b"ab")
    before = view.next()
    twin = view.fork()
    twin.read(b"cab")
    np.testing.assert_array_equal(view.next(), before)
    view.read(b"cab")
    np.testing.assert_allclose(view.next(), twin.next())


def test_the_chances_of_bytes_multiply_to_that_of_the_text() -> None:
    model, text, chance = Bigram(), b"cabcab", 1.0
    view = ByteView(model, beam=None, least=0.0)
    for byte in text:
        chance *= view.next()[byte]
        view.read(bytes((byte,)))
    wholes = [model.of_a_text(text[:length]) for length in range(len(text) + 1)]
    assert chance == pytest.approx(wholes[-1], rel=1e-5)
    assert all(more >= less for more, less in pairwise(wholes))
