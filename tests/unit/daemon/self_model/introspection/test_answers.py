"""Questions about itself: which are taken, and what is answered with which citations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfd_daemon.self_model.introspection.answers import FIDELITY, QUESTIONS
from selfd_daemon.self_model.introspection.topic_words import NO_FEELING
from selfd_daemon.self_model.introspection.topics import TOPICS, Topic, topic_of
from selfd_storage import NewMemory, SelfTestRecord
from support.self_model import STATE, Self

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_each_example_is_taken_for_its_own_topic(topic: Topic) -> None:
    assert topic_of(topic.example) is topic


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("How sure are you of your answers?", "calibration"),
        ("How reliable are your answers?", "right"),
        ("Can I trust your answers?", "right"),
        ("What can you do?", "abilities"),
        ("What are you doing?", "attention"),
        ("Do you feel anything?", "affect"),
        ("Are you conscious?", "affect"),
        ("Do you have feelings?", "affect"),
    ],
)
def test_other_words_for_a_topic_are_understood(question: str, name: str) -> None:
    topic = topic_of(question)
    assert topic is not None
    assert topic.name == name


@pytest.mark.parametrize(
    "question",
    [
        "Where is the spare key?",
        "How much memory does the new laptop have?",
        "What did Anna do yesterday?",
        "Do you remember how hot the oven must be?",
        "Can you tell me when the network meeting is?",
        "Did you read that the weights of the gym were stolen?",
        "You said the battery was flat, which car was it?",
        "What is the backend of the shop written in?",
        "How sure are the police that you were at home?",
        "What can you do with old bread, by the recipe?",
    ],
)
async def test_questions_about_something_else_are_left_to_others(made: Self, question: str) -> None:
    assert await made.service.about_self(question) is None


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
async def test_every_topic_is_answered_on_a_fresh_start(made: Self, topic: Topic) -> None:
    answer = await made.service.about_self(topic.example)
    assert answer is not None
    assert answer.text.endswith(".")
    assert 0.0 < answer.confidence < 1.0


async def test_figures_are_those_of_the_machine(made: Self) -> None:
    answer = await made.service.about_self("how much memory do you use?")
    assert answer is not None
    assert answer.text == "I use 100.0 MB of memory."
    made.machine.state = replace(STATE, watts=None)
    made.clocks.seconds += 60
    unknown = await made.service.about_self("How much power do you draw?")
    assert unknown is not None
    assert unknown.text.startswith("I do not know how much power is drawn")


async def test_no_feeling_is_claimed(made: Self) -> None:
    answer = await made.service.about_self("How do you feel?")
    assert answer is not None
    assert NO_FEELING in answer.text


async def test_what_it_did_is_told_from_the_journal_and_cited(made: Self) -> None:
    await made.store.memories.add(NewMemory("the spare key is under the pot"))
    await made.hear()
    thought = await made.workspace.broadcast()
    assert thought is not None
    answer = await made.service.about_self("What did you do today?")
    assert answer is not None
    assert "Remembered memory:1. [1]" in answer.text
    (cited,) = answer.citations
    assert (cited.item_id, cited.quote) == (thought.id, thought.text)
    empty = await made.service.about_self("what did you do yesterday?")
    assert empty is not None
    assert empty.text.startswith("My journal has nothing of yesterday")
    assert empty.citations == ()


async def test_its_last_start_is_told_from_the_log(made: Self) -> None:
    await made.store.events.append("daemon.started", None, {"version": "1.0"})
    await made.hear()
    await made.workspace.broadcast()
    answer = await made.service.about_self("When did you last start?")
    assert answer is not None
    local = made.clocks.now().astimezone()
    assert answer.text == f"I last started on {local:%Y-%m-%d at %H:%M}."
    assert [cited.item_id for cited in answer.citations] == ["thought:1"]


async def test_such_answers_are_trusted_as_far_as_they_were_right_when_tested(made: Self) -> None:
    before = await made.service.about_self("What is your name?")
    test = SelfTestRecord(FIDELITY, True, True, 1.0, 0.95, "")
    await made.store.assessments.add([test], score=1.0, seconds=1.0)
    after = await made.service.about_self("What is your name?")
    assert before is not None
    assert after is not None
    assert before.confidence == 0.5
    assert after.confidence == pytest.approx((QUESTIONS + 1) / (QUESTIONS + 2))
