"""A real Chromium that may speak to one daemon only, and keeps what went wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from support.daemon import RunningDaemon

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox",  # some machines run tests as root, where Chromium needs it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Watched:
    """A page, and what it did that it should not: errors, and requests to anywhere else."""

    page: Page
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def watched_page(browser: Browser, origin: str, *, width: int = 1100) -> Iterator[Watched]:
    """Open a page that notes console errors, exceptions and requests to other origins."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    watched = Watched(page)
    page.on(
        "console",
        lambda message: watched.errors.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("request", lambda request: _note(watched, request.url, origin))
    try:
        yield watched
    finally:
        context.close()


def sign_in_link(daemon: RunningDaemon) -> str:
    """Return a link to the dashboard that signs in once."""
    code = json.loads(daemon.ask("POST", "/session/code").body)["code"]
    return f"{daemon.url}/#code={code}"


@contextmanager
def signed_in(browser: Browser, daemon: RunningDaemon, *, width: int = 1100) -> Iterator[Watched]:
    """Open the dashboard's first page, signed in."""
    with watched_page(browser, daemon.url, width=width) as watched:
        watched.page.goto(sign_in_link(daemon))
        watched.page.get_by_label("Your question").wait_for()
        yield watched


def _note(watched: Watched, url: str, origin: str) -> None:
    if urlsplit(url).netloc != urlsplit(origin).netloc:
        watched.elsewhere.append(url)
