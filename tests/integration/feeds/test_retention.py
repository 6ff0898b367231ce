"""Old articles shrink to title, link and claims; what is unread or cited stays as it is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from selfd_daemon.knowledge.service import KnowledgeService
from selfd_storage import ArticleRecord, CitationRecord, NewAnswer, NewArticle, PollOutcome, Store
from support.feed_service import START, Clock
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio

CLAIM = "The new bridge was opened by Ingrid Moe on 3 May."
PADDING = "and so on, in words that zanzibar nobody would ever miss\n\n" * 60


async def fetched(store: Store, *names: str) -> list[ArticleRecord]:
    feed = await store.feeds.add(url="https://paper.example/feed", title="Paper")
    news = [
        NewArticle(name, f"About {name}", f"https://paper.example/{name}", "short",
                   f"{CLAIM} {PADDING} {name}", START, f"<p>{PADDING}</p>")
        for name in names
    ]  # fmt: skip
    return await store.feeds.record_poll(feed.id, PollOutcome(START, START), news)


async def test_what_is_old_and_read_and_not_cited_shrinks_to_its_claims(tmp_path: Path) -> None:
    clock = Clock()
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as store:
        cited, plain = await fetched(store, "plain", "cited")
        assert await store.articles.mark([cited.id, plain.id, "article:99"], read=True) == 2
        quote = (CitationRecord(cited.id, CLAIM, 1.0),)
        answer = NewAnswer("When?", CLAIM, 1.0, False, quote, "m", "fact", 0.0)
        await store.conversations.record_turn(None, answer)
        knowledge = KnowledgeService(store, now=clock, keep=timedelta(days=90))
        await knowledge.catch_up()
        assert (await knowledge.shrink()).articles == 0, "they are new"
        assert len(await store.search("zanzibar", first=9)) == 2
        clock.pass_(days=91)
        shrunk = await knowledge.shrink()
        kept, short = await store.articles.get([cited.id, plain.id])
        assert kept is not None
        assert short is not None
        assert kept.text == cited.text
        assert (short.title, short.url, short.summary, short.text) == (
            plain.title, plain.url, CLAIM, "",
        )  # fmt: skip
        assert await store.articles.html(plain.id) == ""
        assert (shrunk.seen, shrunk.articles) == (1, 1)
        assert shrunk.bytes_after < shrunk.bytes_before
        found = await store.search("zanzibar", first=9)
        assert [hit.item.id for hit in found if "lexical" in hit.via] == [cited.id]
        assert len(await store.search("bridge opened", first=9)) == 2
        assert await store.verify() == []
        assert (await knowledge.shrink()).seen == 0, "nothing is looked at twice"


async def test_what_is_unread_stays_whole_until_it_is_read(tmp_path: Path) -> None:
    clock = Clock()
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as store:
        knowledge = KnowledgeService(store, now=clock)
        one, other = await fetched(store, "other", "one")
        assert one.read_at is None
        clock.pass_(days=200)
        assert (await knowledge.shrink()).articles == 0
        unread = await store.articles.page(unread=True)
        assert (len(unread.items), unread.total) == (2, 2)
        await store.articles.mark([one.id], read=True)
        assert [each.id for each in (await store.articles.page(unread=True)).items] == [other.id]
        assert (await store.feeds.all())[0].unread_count == 1
        assert (await knowledge.shrink()).articles == 1
        assert await store.articles.mark_all_read(feed_id=None, until=clock()) == 1
        assert (await knowledge.shrink()).articles == 1
        assert await store.articles.mark([one.id], read=False) == 1
        assert (await store.articles.page(unread=True)).total == 1


async def test_an_entry_that_shrank_is_not_taken_for_news_again(tmp_path: Path) -> None:
    clock = Clock()
    async with await Store.open(tmp_path, now=clock, limits=ANY_ROOM) as store:
        (article,) = await fetched(store, "one")
        clock.pass_(days=91)
        await store.articles.mark([article.id], read=True)
        assert (await KnowledgeService(store, now=clock).shrink()).articles == 1
        again = NewArticle("one", "About one", None, "", article.text, START)
        new = await store.feeds.record_poll(article.feed_id, PollOutcome(START, START), [again])
        assert new == []
