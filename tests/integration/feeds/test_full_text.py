"""Articles are read in full from their pages where the owner wants it and the site allows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfd_daemon.errors import SettingError
from selfd_daemon.feeds.articles import ArticleService
from selfd_daemon.feeds.errors import FeedError
from selfd_daemon.feeds.full_text import can_read_pages
from selfd_daemon.knowledge.service import KnowledgeService
from support.feed_pages import rss
from support.feed_service import Running, running_feeds
from support.web import LocalWeb, Reply

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not can_read_pages(), reason="needs the extra: pip install selfd[articles]"),
]
STORY = "".join(
    f"<p>Paragraph {n} of the story tells at some length what happened on day {n}, who was "
    "there, and what they said about it afterwards to those who asked.</p>"
    for n in range(8)
)
PAGE = f"""<!doctype html><html><head><title>Bridge</title><script>track()</script></head><body>
<nav><a href="/">Home</a><a href="/about">About us and our partners</a></nav>
<article><h1>Bridge</h1>{STORY}</article><footer>Imprint and privacy</footer></body></html>"""


def entries(web: LocalWeb, *names: str) -> bytes:
    items = [
        f"<item><title>{name}</title><link>{web.url('/' + name)}</link>"
        f"<description>Only a teaser of {name}.</description></item>"
        for name in names
    ]
    return rss("News", items)


def html(body: str = PAGE) -> Reply:
    return Reply(headers={"Content-Type": "text/html; charset=utf-8"}, body=body.encode())


async def test_new_articles_are_read_once_from_their_pages(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=entries(web, "a")))
    for name in ("a", "b", "c"):
        web.serve(f"/{name}", html())
    async with running_feeds(tmp_path, feeds={"full_text": ("127.0.0.1",)}) as running:
        await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(body=entries(web, "c", "b", "a")))
        await running.poll()
        web.serve("/feed", Reply(body=entries(web, "c", "b")))
        await running.poll()
        texts = {article.title: article for article in await running.articles()}
    assert texts["a"].text == "Only a teaser of a.", "what is there at first is taken as it is"
    assert "Paragraph 7 of the story" in texts["b"].text
    assert texts["b"].summary == "Only a teaser of b."
    assert "privacy" not in texts["b"].text
    assert "track" not in texts["b"].text
    assert web.paths().count("/robots.txt") == 1
    assert [path for path in web.paths() if path in ("/a", "/b", "/c")] == ["/c", "/b"]


async def test_robots_txt_is_honoured(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/robots.txt", Reply(body=b"User-agent: selfd\nDisallow: /b\n"))
    web.serve("/feed", Reply(body=entries(web)))
    async with running_feeds(tmp_path, feeds={"full_text": ("*",)}) as running:
        await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(body=entries(web, "b")))
        await running.poll()
        (article,) = await running.articles()
    assert article.text == "Only a teaser of b."
    assert "/b" not in web.paths()


async def test_while_robots_txt_cannot_be_had_no_page_is_read(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/robots.txt", Reply(503))
    web.serve("/feed", Reply(body=entries(web)))
    async with running_feeds(tmp_path, feeds={"full_text": ("*",)}) as running:
        await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(body=entries(web, "b")))
        await running.poll()
    assert "/b" not in web.paths()


@pytest.mark.parametrize(
    "page",
    [
        Reply(500),
        Reply(headers={"Content-Type": "application/pdf"}, body=b"%PDF"),
        html("<html><body>Please accept cookies.</body></html>"),
        html(""),
        html("<div>" * 50_000),
    ],
)
async def test_a_page_without_an_article_leaves_the_feeds_own_text(
    web: LocalWeb, tmp_path: Path, page: Reply
) -> None:
    web.serve("/feed", Reply(body=entries(web)))
    web.serve("/b", page)
    async with running_feeds(tmp_path, feeds={"full_text": ("*",)}) as running:
        await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(body=entries(web, "b")))
        job = await running.poll()
        (article,) = await running.articles()
    assert job.metrics["failed"] == 0
    assert article.text == "Only a teaser of b."


async def test_other_feeds_pages_are_left_alone(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=entries(web)))
    async with running_feeds(tmp_path, feeds={"full_text": ("other.test",)}) as running:
        await running.service.add(web.url("/feed"))
        web.serve("/feed", Reply(body=entries(web, "b")))
        await running.poll()
    assert web.paths() == ["/feed", "/feed"]


async def test_without_the_extra_the_setting_is_refused_with_the_next_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfd_daemon.feeds.service.can_read_pages", lambda: False)
    with pytest.raises(SettingError, match=r"pip install selfd\[articles\]"):
        async with running_feeds(tmp_path, feeds={"full_text": ("*",)}):
            pass


def on_request(running: Running) -> ArticleService:
    full_text = running.service.full_text
    return ArticleService(running.store, full_text, now=running.clock, offline=False)


async def test_one_article_is_read_in_full_when_asked_for(web: LocalWeb, tmp_path: Path) -> None:
    web.serve("/feed", Reply(body=entries(web, "a")))
    web.serve("/a", html())
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/feed"))
        (article,) = await running.articles()
        assert article.text == "Only a teaser of a."
        full = await on_request(running).read_in_full(article.id)
        (hit,) = await running.store.search("paragraph seven story length", first=1)
        assert hit.item.id == article.id, "its words are found from now on"
        assert await running.store.verify() == []
        await running.poll()
        (again,) = await running.articles()
    assert "Paragraph 7 of the story" in full.text
    assert again.text == full.text
    assert web.paths().count("/robots.txt") == 1


@pytest.mark.parametrize(
    ("robots", "page", "reason"),
    [
        (Reply(body=b"User-agent: *\nDisallow: /"), html(), "robots.txt"),
        (Reply(503), html(), "robots.txt"),
        (Reply(404), html("<p>Please accept cookies."), "no article to speak of"),
        (Reply(404), Reply(headers={"Content-Type": "image/png"}, body=b"x"), "'image/png'"),
        (Reply(404), Reply(410), "410"),
        (Reply(404), Reply(302, {"Location": "http://10.0.0.1/"}), "not a public address"),
    ],
)
async def test_what_cannot_be_read_in_full_says_why_and_stays_as_it_is(
    web: LocalWeb, tmp_path: Path, robots: Reply, page: Reply, reason: str
) -> None:
    web.serve("/robots.txt", robots)
    web.serve("/feed", Reply(body=entries(web, "a")))
    web.serve("/a", page)
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/feed"))
        (article,) = await running.articles()
        with pytest.raises(FeedError, match=reason):
            await on_request(running).read_in_full(article.id)
        assert await running.articles() == [article]


async def test_the_claims_of_the_whole_text_take_the_place_of_those_of_the_teaser(
    web: LocalWeb, tmp_path: Path
) -> None:
    web.serve("/feed", Reply(body=entries(web, "a", "b")))
    web.serve("/a", html(PAGE.replace("Paragraph 3 of", "On 3 May 12 people saw")))
    async with running_feeds(tmp_path) as running:
        await running.service.add(web.url("/feed"))
        knowledge = KnowledgeService(running.store, now=running.clock)
        await knowledge.catch_up()
        article = next(each for each in await running.articles() if each.title == "a")
        await on_request(running).read_in_full(article.id)
        texts = await running.store.database.read(
            lambda db: [text for (text,) in db.execute("SELECT text FROM claims")]
        )
    assert any("12 people saw" in text for text in texts)
