"""The workspace: what competes, what wins, how often, and in which words."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from selfd_daemon.self_model.posts import KINDS_HEARD, MOST_ABOUT, post
from selfd_daemon.self_model.workspace import (
    BURST,
    HELD_SECONDS,
    SECONDS_EACH,
    Competition,
    Workspace,
)
from selfd_storage import EventRecord, NewMemory
from support.self_model import NOON, Self

pytestmark = pytest.mark.anyio


def event(number: int, kind: str, subject: str | None = None, /, **payload: object) -> EventRecord:
    return EventRecord(number, NOON + timedelta(seconds=number), kind, subject, payload)


@pytest.mark.parametrize("kind", KINDS_HEARD)
def test_every_kind_of_post_has_words_for_one_and_for_many(kind: str) -> None:
    payload = {"kind": "INGEST", "feed": "feed:1", "rating": 1, "version": "1", "what": "heat"}
    one = post(event(1, kind, "memory:1", **payload))
    assert one is not None
    assert one.text.endswith(".")
    assert "{" not in one.text
    alone = one.salience
    one.join(event(2, kind, "memory:2", **payload))
    assert one.text.endswith(".")
    assert one.about == ("memory:1", "memory:2")
    assert alone <= one.salience <= 1.0


@pytest.mark.parametrize(
    ("numbers", "names"),
    [
        ((1, 2), "answer:1 and answer:2"),
        ((1, 2, 3), "answer:1 to answer:3"),
        ((1, 2, 5), "answer:1, answer:2 and answer:5"),
        ((9, 8, 7), "answer:9, answer:8 and answer:7"),
        ((1, 3, 4, 6), "answer:1, answer:3, answer:4 and answer:6"),
        ((1, 3, 5, 7, 9), "answer:1, answer:3 and others"),
        (tuple(range(1, 2 * MOST_ABOUT)), f"answer:1 to answer:{2 * MOST_ABOUT - 1}"),
    ],
)
def test_only_what_it_is_about_is_named(numbers: tuple[int, ...], names: str) -> None:
    told = post(event(1, "feedback.given", f"answer:{numbers[0]}", rating=1))
    assert told is not None
    for number in numbers[1:]:
        told.join(event(number, "feedback.given", f"answer:{number}", rating=1))
    assert told.text == f"Was told that {names} were right."


def test_what_nobody_makes_anything_of_is_no_post() -> None:
    assert post(event(1, "job.running", "job:1", kind="INGEST")) is None
    assert post(event(1, "thought.noted", "thought:1")) is None
    assert post(event(1, "job.succeeded", "job:1", kind="LORA", nothing_to_do=True)) is None
    assert post(event(1, "answer.judged", "answer:1", outcome=1.0, judge="feedback")) is None


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (event(1, "memory.added", "memory:7"), "Remembered memory:7."),
        (event(1, "job.failed", "job:2", kind="POLL_FEEDS"), "The job “poll feeds” failed: job:2."),
        (event(1, "feedback.given", "answer:3", rating=-1), "Was told that answer:3 was wrong."),
        (
            event(1, "answer.judged", "answer:3", outcome=0.0),
            "A check of its sentences found answer:3 mostly not backed by its sources.",
        ),
        (
            event(1, "article.added", "article:4", feed="feed:1"),
            "Read 1 article from feed:1: article:4.",
        ),
        (
            event(1, "body.changed", None, what="power", was="mains", **{"is": "battery"}),
            "The machine's power went from mains to battery.",
        ),
    ],
)
def test_a_post_says_in_plain_words_what_happened(found: EventRecord, words: str) -> None:
    told = post(found)
    assert told is not None
    assert told.text == words


def test_a_post_of_many_names_the_first_and_the_last_and_a_few_ids() -> None:
    told = post(event(1, "memory.added", "memory:1"))
    assert told is not None
    for number in range(2, 501):
        told.join(event(number, "memory.added", f"memory:{number}"))
    assert told.text == "Remembered 500 memories, memory:1 to memory:500."
    assert (told.first, told.last, len(told.about)) == (1, 500, MOST_ABOUT)


def test_many_notes_are_one_small_post() -> None:
    competition = Competition()
    for number in range(1, 1_000_001, 1000):
        competition.enter(event(number, "memory.added", f"memory:{number}"), 0.0)
    won = competition.winner(0.0)
    assert won is not None
    assert (won[0].count, won[0].first, won[0].last) == (1000, 1, 999_001)
    assert len(won[0].about) == MOST_ABOUT


def test_the_most_salient_wins_and_the_others_wait() -> None:
    competition = Competition()
    for number, kind in enumerate(("memory.added", "job.failed", "answer.given"), start=1):
        competition.enter(event(number, kind, "job:1"), 0.0)
    won = [competition.winner(0.0) for _ in range(3)]
    assert [each and each[0].key for each in won] == ["job.failed ", "answer.given", "memory.added"]
    assert not competition


def test_a_wrong_answer_outweighs_a_right_one() -> None:
    competition = Competition()
    competition.enter(event(1, "feedback.given", "answer:1", rating=1), 0.0)
    competition.enter(event(2, "feedback.given", "answer:2", rating=-1), 0.0)
    won = competition.winner(0.0)
    assert won is not None
    assert won[0].about == ("answer:2",)


def test_what_was_told_a_moment_ago_counts_for_little_and_recovers() -> None:
    competition = Competition()
    competition.enter(event(1, "memory.added", "memory:1"), 0.0)
    first = competition.winner(0.0)
    competition.enter(event(2, "memory.added", "memory:2"), 5.0)
    assert competition.winner(5.0) is None
    competition.enter(event(3, "memory.added", "memory:3"), 600.0)
    later = competition.winner(600.0)
    assert first is not None
    assert later is not None
    assert later[1] == pytest.approx(first[1], rel=0.01)


def test_what_loses_fades_away() -> None:
    competition = Competition()
    competition.enter(event(1, "memory.added", "memory:1"), 0.0)
    assert competition.winner(300.0) is None
    assert not competition


def test_broadcasts_are_limited_to_a_burst_and_then_one_at_a_time() -> None:
    competition = Competition()
    kinds = [kind for kind in KINDS_HEARD if not kind.startswith(("job.", "feedback."))]
    for second in range(BURST + 3):
        competition.enter(event(second + 1, kinds[second], "memory:1"), float(second))
    at = float(BURST + 3)
    told = 0
    while competition.winner(at) is not None:
        told += 1
    assert told == BURST
    at += SECONDS_EACH
    competition.enter(event(99, "goal.reached", "goal:1"), at)
    assert competition.winner(at) is not None


async def test_the_winner_is_written_with_what_it_is_about(made: Self) -> None:
    memory = await made.store.memories.add(NewMemory("the spare key is under the pot"))
    await made.hear()
    thought = await made.workspace.broadcast()
    assert thought is not None
    assert (thought.text, thought.about) == (f"Remembered {memory.id}.", (memory.id,))
    assert "key" not in thought.text
    assert made.workspace.attention(made.clocks.now()) == thought
    assert (await made.store.thoughts.page()).items == [thought]
    assert await made.store.thoughts.heard() == thought.last


async def test_attention_lets_go_after_a_while(made: Self) -> None:
    await made.store.memories.add(NewMemory("a note"))
    await made.hear()
    await made.workspace.broadcast()
    made.clocks.seconds += HELD_SECONDS + 1
    assert made.workspace.attention(made.clocks.now()) is None


async def test_a_running_workspace_takes_up_what_it_has_not_heard(made: Self) -> None:
    await made.store.thoughts.add(None, heard=0)
    await made.store.memories.add(NewMemory("told while nobody listened"))
    later = Workspace(
        made.store,
        made.bus,
        now=made.clocks.now,
        monotonic=made.clocks.monotonic,
        gather=0.0,
        rest=0.0,
    )
    thoughts = made.service.thoughts()
    running = asyncio.create_task(later.run())
    async with asyncio.timeout(20):
        noted = await anext(aiter(thoughts))
    running.cancel()
    await asyncio.wait([running])
    assert noted.about == ("memory:1",)


async def test_nothing_is_told_twice_after_a_restart(made: Self) -> None:
    await made.store.memories.add(NewMemory("a note"))
    await made.hear()
    await made.workspace.broadcast()
    heard = await made.store.thoughts.heard()
    assert heard is not None
    rest = await made.store.events.page(heard, KINDS_HEARD)
    assert rest == []
