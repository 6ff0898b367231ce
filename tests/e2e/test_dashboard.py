"""The dashboard in a real Chromium, on a real daemon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.daemon import RunningDaemon, running_daemon

pytest.importorskip("playwright", reason="playwright is not installed")

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from support.browser import (
    CHROMIUM,
    Watched,
    sign_in_link,
    watched_page,
)
from support.durations import WRITTEN

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]
PAGES = ("ask", "memories", "feeds", "news", "self", "jobs", "system", "settings")


def test_a_link_signs_in_once_and_leaves_no_code_in_the_address(
    browser: Browser, daemon: RunningDaemon
) -> None:
    link = sign_in_link(daemon)
    with watched_page(browser, daemon.url) as first:
        first.page.goto(link)
        expect(first.page.get_by_role("heading", name="Ask")).to_be_visible()
        assert "code" not in first.page.url
        cookie = first.page.context.cookies()[0]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert first.page.evaluate("document.cookie") == ""
    with watched_page(browser, daemon.url) as second:
        second.page.goto(link)
        expect(second.page.get_by_text("This link was used already")).to_be_visible()
        expect(second.page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_without_a_session_nothing_is_shown_but_how_to_sign_in(
    browser: Browser, daemon: RunningDaemon
) -> None:
    with watched_page(browser, daemon.url) as stranger:
        stranger.page.goto(daemon.url)
        expect(stranger.page.get_by_text("selfd open")).to_be_visible()
        assert stranger.elsewhere == []


def test_a_session_outlives_a_reload(dashboard: Watched) -> None:
    dashboard.page.reload()
    expect(dashboard.page.get_by_role("heading", name="Ask")).to_be_visible()


def test_a_question_is_answered_with_its_source(dashboard: Watched, daemon: RunningDaemon) -> None:
    daemon.remember("The ferry to Gotland leaves Nynäshamn at 11:05.")
    page = dashboard.page
    page.get_by_label("Your question").fill("When does the ferry to Gotland leave?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("heading", name="Sources")).to_be_visible()
    expect(page.locator("blockquote").first).to_contain_text("11:05")
    expect(page.get_by_text(re.compile(r"sure, .+, \d+(\.\d)? (ms|s)$"))).to_be_visible()
    page.get_by_role("button", name="Right").click()
    expect(page.get_by_text("selfd keeps this")).to_be_visible()


def test_durations_are_written_as_in_a_terminal(dashboard: Watched) -> None:
    write = "async each => each.map((await import('/dashboard/js/dom.js')).duration)"
    seconds, shown = zip(*WRITTEN, strict=True)
    assert dashboard.page.evaluate(write, list(seconds)) == list(shown)


def test_a_memory_is_added_edited_and_found(dashboard: Watched) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Memories").click()
    page.get_by_label("Remember").fill("The boiler was serviced in May.")
    page.get_by_label("Tags").fill("house")
    page.get_by_role("button", name="Remember").click()
    card = page.locator(".card", has_text="boiler")
    expect(card.locator(".tag")).to_have_text("house")
    card.get_by_role("button", name="Edit").click()
    page.get_by_label("Text").fill("The boiler was serviced in June.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".card", has_text="in June")).to_be_visible()
    page.get_by_label("Search memories").fill("boiler")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("li.day")).to_have_count(0)  # what is found stands under no day
    found = page.locator(".card", has_text="serviced in June")
    found.get_by_role("button", name="Forget").click()
    page.get_by_role("button", name="Undo").click()
    expect(found.get_by_role("button", name="Edit")).to_be_visible()


def test_forgetting_can_be_undone_and_otherwise_happens(
    dashboard: Watched, daemon: RunningDaemon
) -> None:
    for text in ("Keep the violet umbrella.", "Drop the orange umbrella."):
        daemon.remember(text)
    page = dashboard.page
    page.get_by_role("link", name="Memories").click()
    kept, dropped = (page.locator(".card", has_text=word) for word in ("violet", "orange"))
    kept.get_by_role("button", name="Forget").click()
    expect(kept).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(kept).to_be_visible()
    dropped.get_by_role("button", name="Forget").click()
    expect(dropped).to_be_hidden()
    page.goto("about:blank")  # leaving does not take it back
    page.goto(f"{daemon.url}/#/memories")
    expect(page.locator(".card", has_text="violet")).to_be_visible()
    expect(page.locator(".card", has_text="orange")).to_have_count(0)


def test_a_memory_told_elsewhere_appears_by_itself(
    dashboard: Watched, daemon: RunningDaemon
) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Memories").click()
    expect(page.get_by_role("heading", name="Memories")).to_be_visible()
    daemon.remember("Told in a terminal just now.")
    expect(page.locator(".card", has_text="Told in a terminal")).to_be_visible()


def test_a_broken_feed_is_told_in_words(dashboard: Watched, daemon: RunningDaemon) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Feeds").click()
    page.get_by_label("Follow a feed").fill(f"{daemon.url}/health")
    page.get_by_role("button", name="Follow").click()
    expect(page.locator(".notice.bad")).to_contain_text(re.compile("private|feed"))


def test_the_state_line_tells_when_selfd_stops(browser: Browser, folder: Path) -> None:
    with (
        running_daemon(folder) as daemon,
        watched_page(browser, daemon.url) as watched,
    ):
        watched.page.goto(sign_in_link(daemon))
        state = watched.page.locator("#state")
        expect(state).to_contain_text("0 memories")
        daemon.stop()
        expect(state).to_contain_text("does not answer")


@pytest.mark.parametrize("width", [320, 768, 1400])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways(dashboard: Watched, name: str, width: int) -> None:
    page = dashboard.page
    page.set_viewport_size({"width": width, "height": 700})
    page.get_by_role("navigation").get_by_role("link").nth(PAGES.index(name)).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_shuts_anybody_out(dashboard: Watched, name: str, scheme: str) -> None:
    page = dashboard.page
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    page.get_by_role("navigation").get_by_role("link").nth(PAGES.index(name)).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_keyboard_alone_can_ask(dashboard: Watched) -> None:
    page = dashboard.page
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("Is anybody there?")
    page.keyboard.press("Enter")
    expect(page.locator(".turn.user")).to_have_text("Is anybody there?")


def test_what_is_sent_at_first_is_small(browser: Browser, daemon: RunningDaemon) -> None:
    sizes: list[int] = []
    with watched_page(browser, daemon.url) as watched:
        watched.page.on("response", lambda reply: sizes.append(len(reply.body())))
        watched.page.goto(sign_in_link(daemon))
        expect(watched.page.get_by_role("heading", name="Ask")).to_be_visible()
        assert 0 < sum(sizes) < 300_000  # even before compression


def test_a_goal_is_set_and_the_self_is_shown_as_it_is(dashboard: Watched) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Self").click()
    expect(page.get_by_role("img", name=re.compile("^valence"))).to_be_visible()
    page.get_by_label("A goal of yours").fill("remember 500 notes")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".card", has_text="remember 500 notes")).to_be_visible()
    expect(page.get_by_text("checkpoint:1")).to_be_visible()
    expect(page.get_by_role("heading", name="Journal")).to_be_visible()
    started = page.locator(".card", has_text="Started, version").first
    expect(started).to_be_visible(timeout=60_000)  # it comes by itself, once it was thought


def test_tonights_plan_is_shown(dashboard: Watched) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", name="Tonight")).to_be_visible()
    expect(page.get_by_text("Write a backup and read it back.")).to_be_visible()
    page.get_by_role("button", name="Pause nights").click()
    expect(page.get_by_text("its owner paused the nights")).to_be_visible()
    page.get_by_role("button", name="Resume nights").click()
    expect(page.get_by_role("button", name="Pause nights")).to_be_visible()


def test_storage_is_drawn_as_areas(dashboard: Watched, daemon: RunningDaemon) -> None:
    daemon.remember("Something that takes a few bytes.")
    page = dashboard.page
    page.get_by_role("link", name="System").click()
    expect(page.get_by_role("img", name=re.compile("^Bytes on disk"))).to_be_visible()


def test_a_setting_is_changed_and_put_back(dashboard: Watched, daemon: RunningDaemon) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Settings").click()
    card = page.locator(".card", has=page.get_by_label("feeds.keep_days"))
    card.get_by_label("feeds.keep_days").fill("30")
    card.get_by_role("button", name="Save").click()
    expect(card.get_by_text("In force until the next start: 90")).to_be_visible()
    assert "keep_days = 30" in (daemon.folder / "settings.toml").read_text()
    card.get_by_role("button", name="Back to the default").click()
    expect(card.get_by_text("In force until the next start")).to_have_count(0)
    port = page.locator(".card", has=page.get_by_label("port", exact=True))
    expect(port.get_by_label("port", exact=True)).to_be_disabled()  # the test gave a flag


def test_a_setting_that_breaks_its_rule_is_told_in_words(dashboard: Watched) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Settings").click()
    card = page.locator(".card", has=page.get_by_label("answering.threshold"))
    card.get_by_label("answering.threshold").fill("7")
    card.get_by_role("button", name="Save").click()
    expect(page.locator(".notice.bad")).to_contain_text("answering.threshold must be")


def test_memories_have_a_heading_for_each_day(dashboard: Watched, daemon: RunningDaemon) -> None:
    daemon.remember("The first swallow of the year.")
    page = dashboard.page
    page.get_by_role("link", name="Memories").click()
    expect(page.locator("li.day h2").first).to_be_visible()
