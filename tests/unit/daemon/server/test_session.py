"""One-time links and the cookies they buy."""

from __future__ import annotations

import pytest

from selfd_daemon.server.session import CODE_SECONDS, MOST_CODES, SESSION_SECONDS, Sessions


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(clock: Clock) -> Sessions:
    return Sessions("token", now=clock)


def test_a_code_works_once(sessions: Sessions) -> None:
    code = sessions.new_code()
    cookie = sessions.redeem(code)
    assert cookie is not None
    assert sessions.admits(cookie)
    assert sessions.redeem(code) is None


def test_a_code_that_was_not_given_buys_nothing(sessions: Sessions) -> None:
    sessions.new_code()
    assert sessions.redeem("guess") is None
    assert sessions.redeem("") is None


def test_a_code_grows_old(sessions: Sessions, clock: Clock) -> None:
    code = sessions.new_code()
    clock.now += CODE_SECONDS
    assert sessions.redeem(code) is None


def test_waiting_codes_are_bounded(sessions: Sessions) -> None:
    codes = [sessions.new_code() for _ in range(MOST_CODES + 1)]
    assert sessions.redeem(codes[0]) is None
    assert sessions.redeem(codes[1]) is not None


def test_a_session_outlives_a_restart_and_ends(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.redeem(sessions.new_code())
    assert cookie is not None
    assert Sessions("token", now=clock).admits(cookie)
    clock.now += SESSION_SECONDS + 1
    assert not sessions.admits(cookie)


def test_a_new_token_ends_every_session(sessions: Sessions, clock: Clock) -> None:
    cookie = sessions.redeem(sessions.new_code())
    assert cookie is not None
    assert not Sessions("another token", now=clock).admits(cookie)


@pytest.mark.parametrize("forged", ["", ".", "a.b.c", "9999999999.n.0", "9999999999..", "é.é.é"])
def test_a_forged_cookie_is_refused(sessions: Sessions, forged: str) -> None:
    assert not sessions.admits(forged)


def test_a_changed_expiry_breaks_the_seal(sessions: Sessions) -> None:
    cookie = sessions.redeem(sessions.new_code())
    assert cookie is not None
    expiry, nonce, seal = cookie.split(".")
    assert not sessions.admits(f"{int(expiry) + 1}.{nonce}.{seal}")
