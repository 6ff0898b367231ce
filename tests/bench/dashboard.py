"""The dashboard in Chromium: first paint, what is sent for it, and a stream of changes.

A frame is late where more than one and a half of 1/60 s passed since the one before, as the
page's own requestAnimationFrame tells it. A machine drops frames by itself, when something else
holds the core that a frame needs: an empty page, open beside the measured one all the time, counts
those. What the page itself needs is told by the processor time of its main thread, which no other
load lengthens.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession

from bench.row import Row
from support.browser import CHROMIUM, running_browser, signed_in, watched_page
from support.daemon import RunningDaemon, running_daemon

OPENINGS = 5
CHANGES, PER_SECOND = 300, 60
FRAME = 1000 / 60  # ms
LATE = FRAME * 1.5  # ms: a frame that took longer was dropped

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
        return [*_opening(browser, daemon), *_changes(browser, daemon)]


def _opening(browser: Browser, daemon: RunningDaemon) -> list[Row]:
    """Open it several times; the cache is empty each time, since each context is new."""
    paints, sizes = [], []
    for _ in range(OPENINGS):
        sent: list[int] = []
        with signed_in(browser, daemon) as watched:
            page = watched.page
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
    """Remember 60 times a second while the page of memories is open, an empty one beside it."""
    with (
        watched_page(browser, "about:blank") as empty,
        signed_in(browser, daemon) as watched,
    ):
        page = watched.page
        page.goto(f"{daemon.url}/#/memories")
        page.get_by_role("heading", name="Memories").wait_for()
        thread = page.context.new_cdp_session(page)
        thread.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = _spent(thread)
        for each in (empty.page, page):
            each.evaluate(_WATCH_FRAMES)
        began = time.monotonic()
        for number in range(CHANGES):
            daemon.remember(f"Change {number} of many.")
            time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        took = time.monotonic() - began
        frames, beside = (each.evaluate("window.frames_") for each in (page, empty.page))
        spent = _spent(thread) - before
        page.get_by_text(f"Change {CHANGES - 1} of many.").wait_for()
    note = f"{CHANGES / took:.0f} changes a second"
    return [
        _dropped("dashboard: frames dropped", frames, 0.0, note),
        _dropped("dashboard: the same of an empty page", beside, None, "what the machine drops"),
        Row("dashboard: main thread for a frame", spent / len(frames), "ms", FRAME, "lower"),
    ]


def _dropped(name: str, frames: Sequence[float], budget: float | None, note: str) -> Row:
    late = sum(frame > LATE for frame in frames)
    told = f"{note}; {late} of {len(frames)} frames, longest {max(frames):.0f} ms"
    return Row(name, late / len(frames), "share", budget, "lower", told)


def _spent(thread: CDPSession) -> float:
    """Return the processor time of the page's main thread, in milliseconds."""
    metrics: list[dict[str, Any]] = thread.send("Performance.getMetrics")["metrics"]
    (seconds,) = [each["value"] for each in metrics if each["name"] == "TaskDuration"]
    return float(seconds) * 1000
