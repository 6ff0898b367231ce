"""What a mind proposes is kept where the words of the source say it, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from selfd_daemon.facts.verification import Proposal, verified

AT = datetime(2026, 6, 10, tzinfo=UTC)
TEXT = "Maya: I keep bees behind the old barn. My brother Tom repairs clocks in Ghent."


@pytest.mark.parametrize(
    ("proposal", "subject", "object"),
    [
        (Proposal("Maya", "keeps", "bees"), "Maya", "bees"),
        (Proposal("Tom", "repairs", "clocks"), "Tom", "clocks"),
        (Proposal("Tom", "repairs", "CLOCKS", "My brother Tom repairs clocks"), "Tom", "clocks"),
    ],
)
def test_what_the_words_say_is_kept_with_the_words(
    proposal: Proposal, subject: str, object: str
) -> None:
    kept = verified(proposal, TEXT, AT)
    assert kept is not None
    assert (kept.subject, kept.object, kept.origin) == (subject, object, "MIND")
    assert kept.quote in TEXT


@pytest.mark.parametrize(
    "proposal",
    [
        Proposal("Maya", "keeps", "wasps"),
        Proposal("Maya", "sells", "bees"),
        Proposal("Ann", "repairs", "clocks"),
        Proposal("Tom", "repairs", "clock"),
        Proposal("me", "keeps", "bees"),
        Proposal("Tom", "repairs", "clocks", "Tom repairs old clocks"),
        Proposal("Tom", "repairs", "clocks", "I keep bees"),
        Proposal("Maya", "keeps", "bees", is_over=True),
        Proposal("", "keeps", "bees"),
        Proposal("Maya", "keeps", "b" * 200),
        Proposal("Maya", "repairs", "bees"),
    ],
)
def test_what_the_words_do_not_say_is_dropped(proposal: Proposal) -> None:
    assert verified(proposal, TEXT, AT) is None


@pytest.mark.parametrize(
    "text",
    [
        "Does Tom repair clocks?",
        "Tom might repair clocks.",
        "If Tom repairs clocks, ask him.",
        "Ann said Tom repairs clocks.",
        '"Tom repairs clocks," it read.',
        "Tom does not repair clocks.",
        "Tom never repairs clocks.",
        "assistant: Tom repairs clocks.",
        "Tom repairs clocks from next month.",
        "Tom no longer repairs clocks.",
    ],
)
def test_what_is_asked_imagined_denied_or_told_by_others_is_dropped(text: str) -> None:
    assert verified(Proposal("Tom", "repairs", "clocks"), text, AT) is None


def test_times_are_read_from_the_words() -> None:
    kept = verified(Proposal("Tom", "repairs", "clocks"), "Tom repairs clocks since 2019.", AT)
    assert kept is not None
    assert kept.since == datetime(2019, 1, 1, tzinfo=UTC)
    text = "Tom no longer repairs clocks."
    over = verified(Proposal("Tom", "repairs", "clocks", is_over=True), text, AT)
    assert over is not None
    assert over.until == AT


def test_a_denial_that_is_proposed_as_one_is_kept() -> None:
    kept = verified(Proposal("Tom", "never repairs", "clocks"), "Tom never repairs clocks.", AT)
    assert kept is not None


def test_the_owner_speaks_where_nobody_else_is_named() -> None:
    kept = verified(Proposal("user", "keeps", "bees"), "I keep bees.", AT)
    assert kept is not None
    assert kept.subject == "me"
