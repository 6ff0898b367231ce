"""What selfd costs a machine on which nothing happens: dashboard, menu bar and daemon, by part.

Processor time as the system counts it, of every process of the browser, of the menu bar's, and of
the daemon and its children, over a minute each: with each page of the dashboard that follows
something, and with one that a person has turned away from.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page

from bench.row import Row
from support.browser import CHROMIUM, running_browser, signed_in
from support.daemon import RunningDaemon, running_daemon

PAGES = ("ask", "memories", "self", "system")
SETTLING = 20.0  # seconds: what was remembered is read and embedded first
OPENING = 8.0  # seconds in which a page is fetched and drawn
RESTING = 60.0  # seconds
BUDGET = 0.01  # cores, of dashboard and menu bar together
_HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

Parts = Mapping[str, Sequence[psutil.Process]]


def rows(data: Path | None) -> Sequence[Row]:
    """Measure on a daemon of its own; nothing where there is no Chromium."""
    if CHROMIUM is None:
        return []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_daemon(Path(folder) / "data") as daemon,
        _menu_bar(daemon) as bar,
        running_browser() as browser,
    ):
        daemon.remember("A first memory, so that the pages show something.")
        time.sleep(SETTLING)
        found = [_row("no page", _at_rest(_parts(daemon, bar)), None)]
        for name in PAGES:
            with _opened(browser, daemon, name) as page:
                found.append(_row(name, _at_rest(_parts(daemon, bar)), BUDGET))
                if name == "self":
                    page.evaluate(_HIDE)
                    found.append(_row("self, unseen", _at_rest(_parts(daemon, bar)), BUDGET))
        return found


@contextmanager
def _opened(browser: Browser, daemon: RunningDaemon, name: str) -> Iterator[Page]:
    with signed_in(browser, daemon) as watched:
        watched.page.goto(f"{daemon.url}/#/{name}")
        watched.page.wait_for_timeout(OPENING * 1000)
        yield watched.page


@contextmanager
def _menu_bar(daemon: RunningDaemon) -> Iterator[psutil.Process | None]:
    """Run the menu bar's process, without a screen unless there is one; None without the extra."""
    if importlib.util.find_spec("PySide6") is None:
        yield None
        return
    screen = {} if os.environ.get("DISPLAY") else {"QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-m", "selfd_daemon.cli", "menubar"]
    folder = ["--data-dir", str(daemon.folder)]
    with subprocess.Popen(
        [*command, *folder], env=os.environ | screen, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


def _parts(daemon: RunningDaemon, bar: psutil.Process | None) -> Parts:
    """Find the processes of each part; of ours, only the browser's are named so."""
    served = psutil.Process(daemon.process.pid)
    below = psutil.Process().children(recursive=True)
    return {
        "daemon": [served, *served.children(recursive=True)],
        "menu bar": [bar] if bar else [],
        "browser": [each for each in below if "chrom" in each.name()],
    }


def _at_rest(parts: Parts) -> dict[str, float]:
    """Return the cores that each part uses while nothing happens."""
    before = {name: _seconds(found) for name, found in parts.items()}
    began = time.monotonic()
    time.sleep(RESTING)
    took = time.monotonic() - began
    return {name: (_seconds(found) - before[name]) / took for name, found in parts.items()}


def _seconds(processes: Sequence[psutil.Process]) -> float:
    times = [each.cpu_times() for each in processes if each.is_running()]
    return float(sum(each.user + each.system for each in times))


def _row(name: str, used: Mapping[str, float], budget: float | None) -> Row:
    told = ", ".join(f"{part} {share:.2%}" for part, share in used.items())
    return Row(f"at rest: {name}", sum(used.values()), "cores", budget, "lower", told)
