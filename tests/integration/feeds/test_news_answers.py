"""Feeds are polled, and what is asked about them is answered with source, date and disputes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.specialists.disputed import Disputed
from selfd_daemon.answering.specialists.news import News
from selfd_daemon.knowledge.service import KnowledgeService
from selfd_graphql.ports import Question
from selfd_storage import ArticleRecord, Scope
from support.feed_pages import item, rss
from support.feed_service import START, Clock, Running, running_feeds
from support.web import LocalWeb, Reply

pytestmark = pytest.mark.anyio

WIRE = (
    "The Harbour Bridge in Larvik collapsed into the fjord on Monday morning. Twelve people were "
    "taken to hospital after the Larvik bridge collapse, said police chief Ingrid Moe."
)
RETOLD = (
    "Police closed the road after the Harbour Bridge in Larvik gave way over the fjord. After the "
    "Larvik bridge collapse 15 people were taken to hospital, according to Ingrid Moe."
)
OLD = "A plan to paint the Harbour Bridge in Larvik was shelved by the town council in spring."
BUDGET = "The finance minister won a narrow majority for the budget, with tax relief for farmers."
NEWS = {
    "Courier": ("Harbour Bridge in Larvik collapses", WIRE, timedelta(hours=6)),
    "Herald": ("Larvik's Harbour Bridge falls", RETOLD, timedelta(hours=5)),
    "Gazette": ("Parliament passes budget", BUDGET, timedelta(hours=2)),
    "Archive": ("Bridge to stay grey", OLD, timedelta(days=-200)),
}  # what, and how long after the week began
WEEK = START + timedelta(hours=2)  # the clock when it is asked: Monday to Thursday


@contextlib.asynccontextmanager
async def followed(web: LocalWeb, folder: Path) -> AsyncIterator[tuple[Running, News]]:
    clock = Clock(START + timedelta(days=3))
    async with running_feeds(folder, clock=clock) as running:
        for name, (title, text, after) in NEWS.items():
            page = rss(name, [item(title, text=text, at=START + after)])
            web.serve(f"/{name}", Reply(body=page))
            await running.service.add(web.url(f"/{name}"))
        knowledge = KnowledgeService(running.store, now=clock)
        await knowledge.catch_up()
        yield running, News(running.store, knowledge, now=clock, threshold=0.35)


async def ask(news: News, text: str, scope: list[Scope] | None = None) -> Draft | None:
    return await news.draft(Question(text, scope=scope), read_question(text))


async def test_what_is_new_since_a_day_is_told_with_source_date_and_both_quotes(
    web: LocalWeb, tmp_path: Path
) -> None:
    async with followed(web, tmp_path) as (running, news):
        draft = await ask(news, "What's new about the Larvik bridge since Sunday?")
        assert draft is not None
        cited = await running.store.items([each.item_id for each in draft.composed.citations])
    text = draft.composed.text
    assert not draft.abstained
    assert draft.confidence > 0.9
    assert "(Courier, 2 November 2026, told by 2 sources) [1]" in text
    assert "Here the sources differ: " in text
    assert "Courier, 2 November 2026: “Twelve people" in text
    assert "Herald, 2 November 2026: “After the Larvik bridge collapse 15 people" in text
    assert "shelved" not in text, "it is from before Sunday"
    assert "budget" not in text
    for item_, each in zip(cited, draft.composed.citations, strict=True):
        assert isinstance(item_, ArticleRecord)
        assert each.quote in item_.text, "a quote is verbatim"


async def test_without_a_topic_what_most_sources_tell_comes_first(
    web: LocalWeb, tmp_path: Path
) -> None:
    async with followed(web, tmp_path) as (_, news):
        draft = await ask(news, "What's new since Sunday?")
    assert draft is not None
    lines = draft.composed.text.splitlines()
    assert "told by 2 sources" in lines[0]
    assert "(Gazette, 2 November 2026)" in draft.composed.text


async def test_where_there_is_nothing_new_it_says_so_and_what_came_last(
    web: LocalWeb, tmp_path: Path
) -> None:
    async with followed(web, tmp_path) as (_, news):
        draft = await ask(news, "Any news about the Larvik bridge since yesterday?")
        unknown = await ask(news, "Any news about zanzibar?")
        perhaps = await ask(news, "What happened to the cat since Monday?")
        elsewhere = await ask(news, "Any news about the Larvik bridge?", ["MEMORY"])
    assert draft is not None
    assert draft.abstained
    assert draft.composed.text.startswith(
        "I have no news about larvik bridge since 4 November 2026. The last that I have:\n"
    )
    assert "2 November 2026) [1]" in draft.composed.text
    assert unknown is not None
    assert unknown.abstained
    assert unknown.composed.citations == ()
    assert perhaps is None, "memories may know"
    assert elsewhere is None


@pytest.mark.parametrize(
    ("text", "is_disputed"),
    [
        ("How many people were taken to hospital after the Larvik bridge collapse?", True),
        ("Who said that people were taken to hospital after the bridge collapse?", False),
        ("How narrow was the majority for the budget?", False),
        ("How many people live in Oslo?", False),
    ],
)
async def test_a_question_on_which_the_sources_differ_gets_both_sides(
    web: LocalWeb, tmp_path: Path, text: str, is_disputed: bool
) -> None:
    async with followed(web, tmp_path) as (running, _):
        knowledge = KnowledgeService(running.store, now=running.clock)
        disputed = Disputed(running.store, knowledge, threshold=0.5)
        draft = await disputed.draft(Question(text), read_question(text))
    assert (draft is not None) == is_disputed
    if draft is not None:
        assert draft.composed.text.startswith("Here the sources differ: ")
        assert "Courier, 2 November 2026: “Twelve people" in draft.composed.text
        assert "15 people" in draft.composed.text
        assert len(draft.composed.citations) == 2


async def test_both_sides_are_told_although_neither_is_ahead_of_the_other(
    web: LocalWeb, tmp_path: Path
) -> None:
    sides = {
        "Times": "The Harbour Bridge in Larvik collapsed on Monday. Two drivers were hurt in the"
        " collapse, said police chief Ingrid Moe.",
        "Post": "The Harbour Bridge in Larvik fell on Monday. Five drivers were hurt in the"
        " collapse, said police chief Ingrid Moe at noon.",
    }
    clock = Clock(START + timedelta(days=1))
    async with running_feeds(tmp_path, clock=clock) as running:
        for name, text in sides.items():
            page = rss(name, [item("Harbour Bridge in Larvik collapses", text=text, at=START)])
            web.serve(f"/{name}", Reply(body=page))
            await running.service.add(web.url(f"/{name}"))
        knowledge = KnowledgeService(running.store, now=clock)
        await knowledge.catch_up()
        disputed = Disputed(running.store, knowledge, threshold=0.45)
        text = "How many drivers were hurt when the Harbour Bridge in Larvik collapsed?"
        draft = await disputed.draft(Question(text), read_question(text))
    assert draft is not None
    assert "Two drivers were hurt" in draft.composed.text
    assert "Five drivers were hurt" in draft.composed.text


@pytest.mark.parametrize("room", [1, 40, 150, 250, 400])
async def test_an_answer_keeps_to_its_room_and_cites_what_it_shows(
    web: LocalWeb, tmp_path: Path, room: int
) -> None:
    text = "What's new about the Larvik bridge since Sunday?"
    async with followed(web, tmp_path) as (_, news):
        draft = await news.draft(Question(text, max_bytes=room), read_question(text))
    assert draft is not None
    assert len(draft.composed.text.encode()) <= room
    assert all(each.quote in draft.composed.text for each in draft.composed.citations)
