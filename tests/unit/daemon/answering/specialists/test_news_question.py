"""Questions for news are told from others, with their topic and the moment that they begin at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from selfd_daemon.answering.specialists.news_question import USUAL, read_news_question

NOW = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)  # a Thursday
TODAY = datetime(2026, 11, 19, tzinfo=UTC)
MONDAY = TODAY - timedelta(days=3)


@pytest.mark.parametrize(
    ("text", "topic", "since"),
    [
        ("What's new about the Larvik bridge since Monday?", "larvik bridge", MONDAY),
        ("what’s new with Rust since last Monday", "rust", MONDAY),
        ("Any news on the budget?", "budget", NOW - USUAL),
        ("What is the latest on Ingrid Moe since yesterday?", "ingrid moe",
         TODAY - timedelta(days=1)),
        ("news about the ferry in the last 3 days", "ferry", NOW - timedelta(days=3)),
        ("Any updates on the strike over the past week?", "strike", NOW - timedelta(days=7)),
        ("What happened in Oslo since 2026-11-10?", "oslo", datetime(2026, 11, 10, tzinfo=UTC)),
        ("What happened with the ferry since 3 November?", "ferry",
         datetime(2026, 11, 3, tzinfo=UTC)),
        ("What's new?", "", NOW - USUAL),
        ("Catch me up since yesterday", "", TODAY - timedelta(days=1)),
        ("What's in the news today?", "", TODAY),
        ("Show me the headlines", "", NOW - USUAL),
    ],
)  # fmt: skip
def test_a_question_for_news_has_a_topic_and_a_beginning(
    text: str, topic: str, since: datetime
) -> None:
    found = read_news_question(text, NOW)
    assert found is not None
    assert (found.topic, found.since) == (topic, since)


@pytest.mark.parametrize(
    "text",
    [
        "Where is the spare key?",
        "What happened to my bike?",
        "When did I buy the newspaper?",
        "Who told me about the bridge?",
        "What did I do since Monday?",
        "",
    ],
)
def test_other_questions_are_left_alone(text: str) -> None:
    assert read_news_question(text, NOW) is None


def test_what_happened_may_be_about_something_else_than_the_news() -> None:
    found = read_news_question("What happened to the cat since Monday?", NOW)
    assert found is not None
    assert not found.is_certain
