"""What of a mind's pieces is told, and how it ended."""

from __future__ import annotations

import itertools

import pytest

from selfd_daemon.minds.door import Message, Request
from selfd_daemon.minds.errors import MindFieldError
from selfd_daemon.minds.telling import Telling

ASK = (Message("user", "a"),)


def _telling(**options: object) -> Telling:
    ticks = itertools.count()
    return Telling(Request(ASK, **options), lambda: float(next(ticks)))  # type: ignore[arg-type]


def test_a_character_that_comes_in_two_pieces_is_told_once_it_is_whole() -> None:
    telling = _telling()
    assert telling.take("é".encode()[:1]) == ""
    assert telling.take("é".encode()[1:]) == "é"
    assert telling.take(b"\xc3") + telling.rest() == "\N{REPLACEMENT CHARACTER}"
    assert telling.ended().bytes == 3


def test_no_more_is_told_than_was_asked_for_and_no_half_a_character() -> None:
    telling = _telling(max_bytes=4)
    assert telling.take("abé€") == "abé"
    assert telling.over == "length"
    assert telling.take("more") == ""
    ended = telling.ended()
    assert (ended.reason, ended.bytes) == ("length", 4)


@pytest.mark.parametrize("pieces", [["one END two"], ["one E", "ND two"], ["one ", *"END", " x"]])
def test_nothing_is_told_from_a_stop_on_however_it_is_cut(pieces: list[str]) -> None:
    telling = _telling(stop=("STOP", "END"))
    assert "".join(map(telling.take, pieces)) + telling.rest() == "one "
    assert telling.ended().reason == "stop"


def test_what_only_looked_like_a_stop_is_told_in_the_end() -> None:
    telling = _telling(stop=("END",))
    assert telling.take("the E") == "the "
    assert telling.take("EN") == "E"
    assert telling.rest() == "EN"


def test_an_error_makes_it_a_part() -> None:
    telling = _telling()
    telling.take("half of")
    ended = telling.ended(error="the line went dead")
    assert (ended.reason, ended.error) == ("cut", "the line went dead")
    assert (ended.first, ended.seconds) == (1.0, 2.0)
    assert ended.bytes_per_second == pytest.approx(3.5)


def test_a_request_without_a_message_is_refused() -> None:
    with pytest.raises(MindFieldError, match="there is nothing to answer"):
        Telling(Request(()), lambda: 0.0)
