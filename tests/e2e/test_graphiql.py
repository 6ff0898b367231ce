"""GraphiQL in a real Chromium that can reach nothing but the daemon."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.daemon import RunningDaemon

pytest.importorskip("playwright", reason="playwright is not installed")

from playwright.sync_api import Browser, Page, expect

from support.browser import CHROMIUM, running_browser, watched_page

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


def run_operation(page: Page, name: str) -> None:
    """Press the button and choose one of the operations in the editor."""
    page.locator(".graphiql-execute-button").click()
    page.locator(".graphiql-dropdown-item", has_text=name).click()


def test_it_signs_in_with_the_token_queries_and_subscribes(
    browser: Browser, daemon: RunningDaemon
) -> None:
    with watched_page(browser, daemon.url) as watched:
        page = watched.page
        page.goto(f"{daemon.url}/graphql#token={daemon.token}")
        run_operation(page, "Status")
        expect(page.locator(".result-window")).to_contain_text('"memoryCount"')
        assert daemon.token not in page.url

        run_operation(page, "Events")
        daemon.remember("Tea at four")
        expect(page.locator(".result-window")).to_contain_text('"memory.added"')

        page.get_by_label("Show Documentation Explorer").click()
        expect(page.locator(".graphiql-doc-explorer")).to_contain_text("Query")
        assert watched.errors == []
        assert watched.elsewhere == []


def test_without_the_token_it_asks_for_it(browser: Browser, daemon: RunningDaemon) -> None:
    with watched_page(browser, daemon.url) as watched:
        page = watched.page
        page.goto(f"{daemon.url}/graphql")
        field = page.get_by_label("Token")
        field.fill("wrong")
        page.get_by_role("button", name="Open").click()
        expect(page.get_by_role("alert")).to_contain_text("not the token")
        field.fill(daemon.token)
        page.get_by_role("button", name="Open").click()
        expect(page.locator(".graphiql-execute-button")).to_be_visible()
        assert watched.elsewhere == []
