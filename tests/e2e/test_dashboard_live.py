"""What changes on the dashboard by itself, in a real Chromium on a real daemon."""

from __future__ import annotations

import re

import pytest

from support.daemon import RunningDaemon

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import expect

from support.browser import CHROMIUM, Watched

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


def test_many_told_at_once_leave_a_list_of_bounded_length_and_older_brings_the_rest(
    dashboard: Watched, daemon: RunningDaemon
) -> None:
    page = dashboard.page
    page.get_by_role("link", name="Memories").click()
    expect(page.get_by_role("heading", name="Memories")).to_be_visible()
    texts = [f"Swallow number {number} came back." for number in range(140)]
    for text in texts:
        daemon.remember(text)
    expect(page.locator(".card", has_text=texts[-1])).to_be_visible()
    expect(page.locator(".card", has_text=texts[0])).to_have_count(0)
    assert page.locator(".card").count() <= 125  # what was there, and a hundred
    page.get_by_role("button", name="Older").click()
    expect(page.locator(".card", has_text=texts[32])).to_be_visible()
    assert page.locator("li.day").count() == len(set(page.locator("li.day").all_inner_texts()))


def test_what_is_being_edited_outlives_a_change_from_elsewhere(
    dashboard: Watched, daemon: RunningDaemon
) -> None:
    id = daemon.remember("The lilac is in bloom.")
    page = dashboard.page
    page.get_by_role("link", name="Memories").click()
    page.locator(".card", has_text="lilac").get_by_role("button", name="Edit").click()
    page.get_by_label("Text").fill("The white lilac")
    change = 'mutation ($id: ID!) { updateMemory(id: $id, tags: ["garden"]) { id } }'
    daemon.query(change, id=id)
    daemon.remember("Something that comes later.")
    expect(page.locator(".card", has_text="comes later")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("The white lilac")


def test_a_page_that_nobody_sees_follows_nothing_of_the_self(dashboard: Watched) -> None:
    sent: list[str] = []
    page = dashboard.page
    page.on("websocket", lambda socket: socket.on("framesent", lambda text: sent.append(str(text))))
    page.reload()
    page.get_by_role("link", name="Self").click()
    expect(page.get_by_role("img", name=re.compile("^valence"))).to_be_visible()
    turn = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""

    def told(what: str) -> int:
        return sum(what in each for each in sent)

    def until_told(what: str, times: int) -> None:
        for _ in range(500):
            if told(what) < times:
                page.wait_for_timeout(20)
        assert told(what) == times

    until_told("FollowSelf", 1)
    ended = told('"complete"')
    page.evaluate(turn, True)
    until_told('"complete"', ended + 1)
    page.evaluate(turn, False)
    until_told("FollowSelf", 2)
