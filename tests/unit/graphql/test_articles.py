"""Articles are listed with their state, marked, and read in full through the API."""

from __future__ import annotations

import pytest

from support.services import Ask, FakeServices

pytestmark = pytest.mark.anyio


async def test_an_article_tells_whether_it_was_read(ask: Ask) -> None:
    result = await ask("{ articles(first: 1, unread: true) { edges { node { readAt text } } } }")
    assert result.errors is None
    assert result.data == {"articles": {"edges": [{"node": {"readAt": None, "text": ""}}]}}


async def test_a_feed_tells_its_health(ask: Ask) -> None:
    result = await ask("{ feeds { unreadCount failures gone } }")
    assert result.data == {"feeds": [{"unreadCount": 0, "failures": 0, "gone": False}]}


async def test_articles_are_marked_one_by_one_or_all(ask: Ask, services: FakeServices) -> None:
    result = await ask(
        'mutation { read: markArticles(ids: ["article:1", "article:2"])'
        ' unread: markArticles(ids: ["article:1"], read: false)'
        ' all: markAllRead(feedId: "feed:1") }'
    )
    assert result.data == {"read": 2, "unread": 1, "all": 7}
    assert services.articles.marked == [
        (["article:1", "article:2"], True),
        (["article:1"], False),
        ("feed:1", None),
    ]


async def test_an_article_is_read_in_full_where_there_is_one(ask: Ask) -> None:
    result = await ask('mutation { readInFull(id: "article:1") { text } }')
    assert result.data == {"readInFull": {"text": "All of it."}}
    failed = await ask('mutation { readInFull(id: "article:9") { text } }')
    assert failed.errors is not None
    assert "no article" in failed.errors[0].message
