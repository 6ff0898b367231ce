"""Versions of the self-model, goals, assessments, and the record of how work went."""

from __future__ import annotations

from datetime import timedelta

import pytest

from selfd_storage import (
    IntegrityError,
    JobState,
    NewAnswer,
    NewGoal,
    NewMemory,
    NotFoundError,
    SelfTestRecord,
    Store,
)
from support.storage import Clock

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def answer(store: Store, confidence: float, *, abstained: bool = False) -> str:
    new = NewAnswer("q", "a", confidence, abstained, (), "mind:builtin", "question", 0.1)
    return (await store.conversations.record_turn(None, new)).id


async def test_a_version_holds_from_its_moment_until_the_next(store: Store, clock: Clock) -> None:
    first = await store.self_versions.add({"mood": "plain"})
    clock.moment += HOUR
    await store.self_versions.add({"mood": "busy"})
    for at, mood in ((first.at, "plain"), (first.at + HOUR / 2, "plain"), (clock.moment, "busy")):
        found = await store.self_versions.as_of(at)
        assert found is not None
        assert found.state == {"mood": mood}
    assert await store.self_versions.as_of(first.at - DAY) is None


async def test_a_changed_version_is_refused_and_found_by_the_walk(store: Store) -> None:
    version = await store.self_versions.add({"mood": "plain"})

    await store.database.write(lambda tx: tx.execute("UPDATE self_versions SET at = at + 1"))
    with pytest.raises(IntegrityError, match="self:1"):
        await store.self_versions.as_of(version.at + HOUR)
    assert await store.verify() == ["self:1"]


async def test_versions_are_packed_like_all_else(store: Store) -> None:
    version = await store.self_versions.add({"topics": " ".join(map(str, range(900)))})
    moved = await store.tiers.move("self_versions", 0)
    assert (moved.rows, moved.bytes_after < moved.bytes_before) == (1, True)
    found = await store.self_versions.as_of(version.at)
    assert found is not None
    assert (found.state, found.hash) == (version.state, version.hash)
    assert [(tier.name, tier.rows) for tier in (await store.report()).tiers] == [("cold", 1)]
    assert await store.verify() == []


async def test_thinning_keeps_the_last_of_each_span_and_all_outside(
    store: Store, clock: Clock
) -> None:
    start = clock.moment.replace(minute=0, second=0, microsecond=0)
    for minutes in (0, 20, 40, 60, 80, 200):
        clock.moment = start + timedelta(minutes=minutes)
        await store.self_versions.add({"minute": minutes})
    gone = await store.self_versions.thin(after=start, before=start + 2 * HOUR, span=HOUR)
    assert gone == 3
    left = [await store.self_versions.as_of(start + timedelta(minutes=m)) for m in (50, 90, 300)]
    assert [each and each.state["minute"] for each in left] == [40, 80, 200]
    assert await store.self_versions.count() == 3


async def test_a_goal_is_reached_once_and_that_is_told(store: Store) -> None:
    goal = await store.goals.add(NewGoal("read", measure="articles", baseline=0.0, target=2.0))
    assert (goal.progress, goal.current, goal.reached_at) == (0.0, 0.0, None)
    await store.goals.save(goal.id, progress=1.0, current=2.0)
    again = await store.goals.save(goal.id, progress=1.7)
    assert (again.progress, again.current) == (1.0, 2.0)
    assert again.reached_at is not None
    kinds = [event.kind for event in await store.events.page(0)]
    assert kinds == ["goal.set", "goal.reached"]


async def test_a_goal_of_its_own_is_set_once(store: Store) -> None:
    first = await store.goals.add(NewGoal("learn", True, "bits per byte", 2.0, 1.9))
    assert await store.goals.add(NewGoal("learn more", True, "bits per byte", 3.0, 1.0)) == first
    assert len(await store.goals.all()) == 1


async def test_a_goal_that_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFoundError, match="goal:7"):
        await store.goals.save("goal:7", progress=0.5)
    assert not await store.goals.remove("goal:7")


async def test_assessments_come_newest_first(store: Store) -> None:
    test = SelfTestRecord("limits", True, True, 1.0, 0.9, "fine")
    first = await store.assessments.add([test], score=1.0, seconds=2.0)
    second = await store.assessments.add([], score=0.0, seconds=1.0)
    assert await store.assessments.newest(5) == [second, first]
    assert first.tests == (test,)


async def test_attempts_are_counted_from_feedback_checks_and_jobs(store: Store) -> None:
    for rating in (1, 1, -1):
        await store.conversations.add_feedback(await answer(store, 0.9), rating=rating)
    await answer(store, 0.4)
    await store.conversations.add_feedback(await answer(store, 0.1, abstained=True), rating=1)
    states: tuple[JobState, ...] = ("SUCCEEDED", "FAILED", "CANCELLED")
    for state in states:
        job = await store.jobs.create("INGEST", {})
        await store.jobs.save(job.id, state=state)
    job = await store.jobs.create("INGEST", {})
    await store.jobs.save(job.id, state="SUCCEEDED", metrics={"nothing_to_do": "no text"})
    found = {each.name: each for each in await store.track_record.attempts()}
    asked = found["answer question"]
    assert (asked.attempts, asked.successes, asked.unjudged) == (3, 2, 1)
    assert (asked.recent, asked.earlier) == ((3, 2), (0, 0))
    assert (found["abstain"].attempts, found["abstain"].successes) == (1, 1)
    assert (found["job ingest"].attempts, found["job ingest"].successes) == (2, 1)


async def test_a_trend_compares_the_newest_twenty_with_the_twenty_before(store: Store) -> None:
    for number in range(30):
        rating = -1 if number < 10 else 1
        await store.conversations.add_feedback(await answer(store, 0.5), rating=rating)
    (asked,) = await store.track_record.attempts()
    assert (asked.recent, asked.earlier) == ((20, 20), (10, 0))


async def test_the_owners_last_word_is_the_outcome(store: Store) -> None:
    id = await answer(store, 0.8)
    await answer(store, 0.9, abstained=True)
    for rating in (1, -1, 0):
        await store.conversations.add_feedback(id, rating=rating)
    (found,) = await store.track_record.predictions()
    assert (found.answer_id, found.predicted, found.outcome) == (id, 0.8, 0.0)


async def test_what_a_check_found_stands_beside_the_owners_word(store: Store) -> None:
    checked, told = await answer(store, 0.8), await answer(store, 0.7)
    for id in (checked, told):
        assert await store.judgements.judge(id, 1.0, by="verification")
    await store.conversations.add_feedback(told, rating=-1)
    (verified,) = await store.track_record.verified()
    assert (verified.answer_id, verified.predicted, verified.outcome) == (checked, 0.8, 1.0)
    (judged,) = await store.track_record.predictions()
    assert (judged.answer_id, judged.outcome) == (told, 0.0)
    (asked,) = await store.track_record.attempts()
    assert (asked.attempts, asked.successes, asked.unjudged) == (1, 0, 1)


async def test_surprise_compares_the_newest_notes_with_many(store: Store) -> None:
    assert (await store.track_record.surprise()).recent is None
    for number in range(40):
        surprise = 1.0 if number < 20 else 3.0
        await store.memories.add(NewMemory(f"note {number}", surprise=surprise))
    found = await store.track_record.surprise()
    assert (found.recent, found.usual, found.measured) == (3.0, 2.0, 40)


async def test_the_census_counts_rows(store: Store) -> None:
    await store.memories.add(NewMemory("a note"))
    await store.goals.add(NewGoal("rest"))
    census = await store.track_record.census()
    assert census == {
        "memories": 1,
        "articles": 0,
        "documents": 0,
        "feeds": 0,
        "answers": 0,
        "running jobs": 0,
        "goals": 1,
        "generations": 0,
    }


async def test_the_newest_event_of_a_kind_is_found(store: Store) -> None:
    for kind in ("a", "b", "a", "b"):
        await store.events.append(kind)
    newest = await store.events.newest("a")
    assert newest is not None
    assert newest.sequence == 3
    assert await store.events.newest("c") is None


async def test_long_texts_and_first_notes_are_found_by_their_size(store: Store) -> None:
    for text in ("short", "long " * 50, "longer " * 50):
        await store.memories.add(NewMemory(text))
    assert await store.track_record.long_texts(200, 9) == ["memory:3", "memory:2"]
    assert await store.track_record.first_notes(1, least=200, most=4000) == ["memory:2"]
