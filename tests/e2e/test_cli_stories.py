"""Stories and trends from the command line, over feeds that a real daemon polls on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from support.command import Command
from support.daemon import running_daemon
from support.feed_pages import item, rss

TELLINGS = {
    "Herald": (
        "Harbour Bridge in Larvik collapses",
        "The Harbour Bridge in Larvik collapsed on Monday. Twelve people were taken to hospital "
        "after the Larvik bridge collapse, said Ingrid Moe.",
    ),
    "Courier": (
        "Larvik's Harbour Bridge falls",
        "Police closed the road at the Harbour Bridge in Larvik. After the Larvik bridge collapse "
        "15 people were taken to hospital, according to Ingrid Moe.",
    ),
    "Gazette": (
        "Larvik mourns its Harbour Bridge",
        "Built in 1962, the Harbour Bridge in Larvik is gone. Ingrid Moe spoke of a dark day for "
        "the town, and thanked those who helped after the collapse.",
    ),
}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("feeds")
    at = datetime.now(UTC) - timedelta(minutes=90)
    for name, (title, text) in TELLINGS.items():
        (folder / f"{name}.rss").write_bytes(rss(name, [item(title, text=text, at=at)]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("cli") / "data"
    with running_daemon(folder, SELFD_FEEDS_ALLOW_PRIVATE="127.0.0.1"):
        selfd = Command(folder)
        assert selfd.ok("stories").err.startswith("no stories: ")
        assert selfd.ok("trends").err.startswith("no trends: ")
        selfd.ok("feeds", "add", *(f"{address}/{name}.rss" for name in TELLINGS))
        yield selfd


def test_a_story_names_its_sources_and_where_they_differ(selfd: Command) -> None:
    shown = selfd.ok("stories").out
    assert shown.startswith("Harbour Bridge in Larvik collapses  3 sources, 3 articles\n")
    assert "  Courier: Larvik's Harbour Bridge falls\n" in shown
    assert "  they differ\n" in shown
    (story,) = selfd.ok("stories", "--hours", "6", "--json").json
    assert story["sources"] == 3
    assert {article["feed"]["title"] for article in story["articles"]} == set(TELLINGS)
    (dispute,) = story["disputes"]
    assert "Twelve people" in dispute
    assert "15 people" in dispute


def test_an_article_is_corroborated_by_the_sources_of_its_story(selfd: Command) -> None:
    selfd.ok("stories")
    articles = selfd.ok("articles", "--json").json
    assert [article["corroboration"] for article in articles] == [3, 3, 3]


def test_articles_are_read_marked_and_listed_by_what_is_unread(selfd: Command) -> None:
    (article, other, _) = selfd.ok("articles", "--unread", "--json").json
    shown = selfd.ok("articles", "read", article["id"]).out
    assert shown.startswith(article["title"])
    assert article["url"] in shown
    assert len(selfd.ok("articles", "--unread", "--json").json) == 2
    assert selfd.ok("articles", "mark", article["id"], "--unread").out == (
        "1 article marked as unread\n"
    )
    assert selfd.ok("articles", "mark", "--feed", other["feed"]["id"]).out == (
        "1 article marked as read\n"
    )
    assert selfd.ok("articles", "mark", "--all").out == "2 articles marked as read\n"
    assert selfd.ok("articles", "--unread").err.startswith("nothing is unread: ")
    assert selfd("articles", "mark").status == 2
    assert selfd("articles", "read", "article:99").err == (
        "selfd: no article 'article:99': selfd articles lists them\n"
    )


def test_a_list_of_feeds_tells_their_health(selfd: Command) -> None:
    shown = selfd.ok("feeds", "list").out
    assert ", next 20" in shown
    assert "1 article" in shown


def test_a_trend_tells_how_often_and_how_often_next(selfd: Command) -> None:
    found = {trend["term"]: trend for trend in selfd.ok("trends", "--json").json}
    assert found["Harbour Bridge"]["count"] == 3
    assert found["Harbour Bridge"]["burst"] > 2
    assert "Harbour Bridge  3 articles, " in selfd.ok("trends").out


def test_a_span_that_is_too_long_is_refused_in_words(selfd: Command) -> None:
    refused = selfd("trends", "--hours", "999")
    assert (refused.status, refused.out) == (1, "")
    assert "hours must be from 1 to 168, got 999" in refused.err


def test_what_is_new_is_answered_with_sources_and_where_they_differ(selfd: Command) -> None:
    selfd.ok("stories")
    shown = " ".join(
        selfd.ok("ask", "What's new about the Larvik bridge since yesterday?").out.split()
    )
    assert "told by 3 sources) [1]" in shown
    assert "Here the sources differ: " in shown
    assert "Twelve people" in shown
    assert "15 people" in shown
    answer = selfd.ok("ask", "--json", "What's new about the Larvik bridge since yesterday?").json
    assert answer["task"] == "news"
    assert all(each["quote"] in answer["text"] for each in answer["citations"])


def test_a_question_on_which_sources_differ_is_answered_with_both(selfd: Command) -> None:
    selfd.ok("stories")
    question = "How many people were taken to hospital after the Larvik bridge collapse?"
    shown = " ".join(selfd.ok("ask", question).out.split())
    assert shown.startswith("Here the sources differ: ")
    assert "Twelve people" in shown
    assert "15 people" in shown
