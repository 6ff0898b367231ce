"""Make the screenshots of these pages: `make screenshots`. Needs a Chromium and the dev extra.

A daemon of its own is told some things, follows three feeds served from this machine, answers, and
is photographed page by page, in light and in dark, at three widths; given a folder, all pictures go
there, else those that pages show lie beside this file.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Page

from support.browser import running_browser, signed_in
from support.command import Command
from support.daemon import RunningDaemon, running_daemon
from support.feed_pages import item, rss

HERE = Path(__file__).parent
BOOKS = HERE.parent / "tutorial" / "demo" / "books"
MEMORIES = (
    "Ada keeps the spare key under the blue pot by the back door.",
    "The plumber, Mr Okafor, can be reached on 555-0142 before noon.",
    "Grandmother's birthday is on the 3rd of May; she likes yellow tulips.",
    "The ferry to Gotland leaves Nynäshamn at 11:05.",
    "I am allergic to peanuts.",
)
QUESTIONS = (
    "Where does Ada keep the spare key?",
    "Who stole the tarts?",
    "What is the melting point of tungsten?",
)
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
PAGES = ("ask", "memories", "feeds", "news", "self", "jobs", "system", "settings")
WIDTHS = (1100, 700, 360)
SHOWN = ("ask-1100", "memories-1100", "news-1100", "self-1100", "jobs-360", "system-dark")
SETTLED = 1500  # ms for live figures to arrive


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _feeds() -> Iterator[str]:
    """Serve the three feeds; give their address."""
    with tempfile.TemporaryDirectory() as folder:
        at = datetime.now(UTC) - timedelta(minutes=90)
        for name, (title, text) in TELLINGS.items():
            feed = rss(name, [item(title, text=text, at=at)])
            Path(folder, f"{name}.rss").write_bytes(feed)
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def _fill(selfd: Command, feeds: str) -> None:
    for memory in MEMORIES:
        selfd.ok("remember", memory)
    selfd.ok("ingest", BOOKS)
    selfd.ok("feeds", "add", *(f"{feeds}/{name}.rss" for name in TELLINGS))
    for question in QUESTIONS:
        selfd.ok("ask", question)


def _ask(page: Page) -> None:
    """Leave an answer on the first page."""
    page.get_by_label("Your question").fill(QUESTIONS[0])
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("heading", name="Sources").wait_for()


def photograph(daemon: RunningDaemon, into: Path) -> None:
    """Write PAGE-WIDTH.png for every page and width, and PAGE-dark.png."""
    with running_browser() as browser:
        for width in WIDTHS:
            with signed_in(browser, daemon, width=width) as watched:
                page = watched.page
                _ask(page)
                for name in PAGES:
                    page.goto(f"{daemon.url}/#/{name}")
                    page.wait_for_timeout(SETTLED)
                    page.screenshot(path=into / f"{name}-{width}.png", full_page=True)
                    if width == WIDTHS[0]:
                        page.emulate_media(color_scheme="dark")
                        page.screenshot(path=into / f"{name}-dark.png", full_page=True)
                        page.emulate_media(color_scheme="light")
                if watched.errors:
                    sys.exit(f"the console says: {watched.errors}")


def main() -> None:
    """Make all pictures in the folder of the first argument, else beside this file."""
    with tempfile.TemporaryDirectory() as folder, _feeds() as feeds:
        into = Path(sys.argv[1] if sys.argv[1:] else folder)
        data = Path(folder) / "data"
        with running_daemon(data, SELFD_FEEDS_ALLOW_PRIVATE="127.0.0.1") as daemon:
            _fill(Command(data), feeds)
            photograph(daemon, into)
        if not sys.argv[1:]:
            for name in SHOWN:
                shutil.copy(into / f"{name}.png", HERE)


if __name__ == "__main__":
    main()
