"""The dashboard in Chromium: first paint, what is sent for it, a stream of changes, and rest."""

from __future__ import annotations

import gzip
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page

from bench.row import Row
from support.browser import CHROMIUM, running_browser, watched_page
from support.daemon import RunningDaemon, running_daemon

OPENINGS = 5
CHANGES, PER_SECOND = 300, 60
LATE = 1000 / 60 * 1.5  # ms: a frame that took longer was dropped
SETTLING = 20_000  # ms: what was remembered is read and embedded first
RESTING = 20.0  # seconds

_WATCH_FRAMES = """
() => {
  window.frames_ = [];
  let last = performance.now();
  const tick = (now) => {
    window.frames_.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}
"""
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def rows(data: Path | None) -> Sequence[Row]:
    """Measure on a daemon of its own; nothing where there is no Chromium."""
    if CHROMIUM is None:
        return []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_daemon(Path(folder) / "data") as daemon,
        running_browser() as browser,
    ):
        daemon.remember("A first memory, so that the pages show something.")
        return [*_opening(browser, daemon), *_rest(browser, daemon), *_changes(browser, daemon)]


@contextmanager
def _signed_in(browser: Browser, daemon: RunningDaemon) -> Iterator[Page]:
    with watched_page(browser, daemon.url) as watched:
        code = json.loads(daemon.ask("POST", "/session/code").body)["code"]
        watched.page.goto(f"{daemon.url}/#code={code}")
        watched.page.get_by_label("Your question").wait_for()
        yield watched.page


def _opening(browser: Browser, daemon: RunningDaemon) -> list[Row]:
    """Open it several times; the cache is empty each time, since each context is new."""
    paints, sizes = [], []
    for _ in range(OPENINGS):
        sent: list[int] = []
        with _signed_in(browser, daemon) as page:
            page.on("response", lambda reply: sent.append(len(gzip.compress(reply.body()))))  # noqa: B023
            page.reload()
            page.get_by_label("Your question").wait_for()
            paints.append(float(page.evaluate(_PAINT)))
            sizes.append(sum(sent))
    return [
        Row("dashboard: first paint", sorted(paints)[OPENINGS // 2] / 1e3, "s", 1.0, "lower"),
        Row("dashboard: sent, if compressed", max(sizes) / 1e3, "kB", 300.0, "lower"),
    ]


def _changes(browser: Browser, daemon: RunningDaemon) -> list[Row]:
    """Remember 60 times a second while the page of memories is open."""
    with _signed_in(browser, daemon) as page:
        page.goto(f"{daemon.url}/#/memories")
        page.get_by_role("heading", name="Memories").wait_for()
        page.evaluate(_WATCH_FRAMES)
        began = time.monotonic()
        for number in range(CHANGES):
            daemon.remember(f"Change {number} of many.")
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        took = time.monotonic() - began
        page.get_by_text(f"Change {CHANGES - 1} of many.").wait_for()
        frames = page.evaluate("window.frames_")
    late = sum(frame > LATE for frame in frames)
    note = (
        f"{CHANGES / took:.0f} changes a second, {len(frames)} frames, longest {max(frames):.0f} ms"
    )
    return [Row("dashboard: frames dropped", late / len(frames), "share", 0.0, "lower", note)]


def _rest(browser: Browser, daemon: RunningDaemon) -> list[Row]:
    """Leave the page of figures open, and count the processor time of browser and daemon."""
    with _signed_in(browser, daemon) as page:
        page.goto(f"{daemon.url}/#/self")
        page.get_by_role("heading", name="Self").wait_for()
        page.wait_for_timeout(SETTLING)
        before = _processor_seconds(daemon)
        page.wait_for_timeout(RESTING * 1000)
        spent = _processor_seconds(daemon) - before
    return [Row("dashboard: at rest, with its daemon", spent / RESTING, "cores", 0.01, "lower")]


def _processor_seconds(daemon: RunningDaemon) -> float:
    """Sum what the daemon and every process of the browser have used."""
    browsers = [
        process
        for process in psutil.Process().children(recursive=True)
        if Path(CHROMIUM or "").name in process.name() or "chrom" in process.name()
    ]
    total = 0.0
    for process in [psutil.Process(daemon.process.pid), *browsers]:
        used = process.cpu_times()
        total += used.user + used.system
    return total
