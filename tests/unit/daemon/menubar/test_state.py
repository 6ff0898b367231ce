"""What each piece of news makes of the state."""

from __future__ import annotations

from functools import reduce

from selfd_daemon.clients.menubar.state import (
    Notice,
    State,
    after,
    asking,
    keeping,
    stopped,
)
from selfd_daemon.clients.menubar.updates import (
    AnswerEnded,
    AnswerGrew,
    Away,
    Connected,
    JobFailed,
    JobSeen,
    NightEnded,
    Refused,
    Remembered,
    StatusRead,
    ThoughtSeen,
    TonightRead,
    Update,
)
from support.menubar import answer, job, status


def told(state: State, *updates: Update) -> State:
    return reduce(lambda state, update: after(state, update)[0], updates, state)


def test_an_answer_grows_and_is_replaced_by_the_whole_one() -> None:
    state = told(asking(State(), "1"), AnswerGrew("1", "At "), AnswerGrew("1", "11"))
    assert state.asked is not None
    assert (state.asked.text, state.asked.waits) == ("At 11", True)
    state = told(state, AnswerEnded("1", answer()))
    assert state.asked is not None
    assert (state.asked.text, state.asked.waits) == ("At 11:05. [1]", False)
    assert state.conversation == "conversation:1"


def test_news_of_an_older_question_changes_nothing() -> None:
    state = asking(told(asking(State(), "1"), AnswerGrew("1", "old")), "2")
    assert told(state, AnswerGrew("1", "more"), Refused("1", "no")) == state


def test_a_stopped_answer_stays_as_it_was() -> None:
    state = stopped(told(asking(State(), "1"), AnswerGrew("1", "At 11")))
    assert told(state, AnswerGrew("1", ":05"), AnswerEnded("1", answer())) == state
    assert stopped(state) == state


def test_a_refusal_after_the_whole_answer_is_not_shown() -> None:
    state = told(asking(State(), "1"), AnswerEnded("1", answer()))
    assert told(state, Refused("1", "ended")) == state


def test_a_refused_question_says_why() -> None:
    state = told(asking(State(), "1"), Refused("1", "the daemon is not running"))
    assert state.asked is not None
    assert state.asked.error == "the daemon is not running"


def test_a_text_is_remembered_or_refused() -> None:
    state = keeping(State(), "3")
    assert state.kept is not None
    assert state.kept.waits
    kept = told(state, Remembered("3", {})).kept
    refused = told(state, Refused("3", "the disk is full")).kept
    assert kept is not None
    assert kept.done
    assert refused is not None
    assert (refused.done, refused.error) == (False, "the disk is full")
    assert told(state, Remembered("2", {})) == state


def test_a_job_is_shown_until_it_ends() -> None:
    state = told(State(), JobSeen(job("RUNNING")), JobSeen(job("RUNNING", progress=0.7)))
    assert [each["progress"] for each in state.jobs] == [0.7]
    assert told(state, JobSeen(job("SUCCEEDED"))).jobs == ()


def test_a_failed_job_is_told_with_its_reason() -> None:
    _, notices = after(State(), JobFailed(job("FAILED", error="no such folder")))
    assert notices == (Notice("Poll feeds failed", "no such folder"),)


def test_a_failure_stays_until_a_job_of_its_kind_succeeds() -> None:
    state = told(State(), JobFailed(job("FAILED", error="no such folder")))
    state = told(state, JobSeen(job("SUCCEEDED", "job:2", kind="BACKUP")))
    assert state.failed is not None
    assert told(state, JobSeen(job("SUCCEEDED", "job:3"))).failed is None


def test_a_night_that_ended_is_told() -> None:
    _, notices = after(State(), NightEnded({"payload": {"note": "taught, .02 better"}}))
    assert notices == (Notice("selfd's night is over", "taught, .02 better"),)


def test_the_newest_thought_and_plan_are_kept() -> None:
    state = told(State(), ThoughtSeen({"text": "a"}), ThoughtSeen({"text": "b"}))
    state = told(state, TonightRead({"paused": True}))
    assert (state.thought, state.tonight) == ({"text": "b"}, {"paused": True})


def test_a_problem_is_told_once_and_again_only_when_it_came_back() -> None:
    state, first = after(State(), StatusRead(status("the disk is full")))
    state, same = after(state, StatusRead(status("the disk is full")))
    state = told(state, Away("gone"), Connected())
    state, back = after(state, StatusRead(status("the disk is full", "a feed fails")))
    state = told(state, StatusRead(status()))
    _, again = after(state, StatusRead(status("the disk is full")))
    assert [notice.text for notice in first] == ["the disk is full"]
    assert same == ()
    assert [notice.text for notice in back] == ["a feed fails"]
    assert [notice.text for notice in again] == ["the disk is full"]


def test_being_away_forgets_figures_and_jobs_and_keeps_the_answer() -> None:
    state = told(asking(State(), "1"), AnswerEnded("1", answer()), Connected())
    state = told(state, StatusRead(status()), JobSeen(job("RUNNING")), Away("gone"))
    assert (state.status, state.jobs) == (None, ())
    assert state.asked is not None
    assert state.asked.answer is not None
