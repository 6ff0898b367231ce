"""One daemon, and one browser, for tests that leave them as they found them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.daemon import RunningDaemon, running_daemon

if TYPE_CHECKING:  # the modules that use these skip themselves where there is no browser
    from playwright.sync_api import Browser

    from support.browser import Watched


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """Give a daemon that serves the tests of one module."""
    with running_daemon(tmp_path_factory.mktemp("daemon") / "data") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the place for a data folder that is not there yet."""
    return tmp_path / "data"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give a Chromium without a window."""
    from support.browser import running_browser

    with running_browser() as running:
        yield running


@pytest.fixture
def dashboard(browser: Browser, daemon: RunningDaemon) -> Iterator[Watched]:
    """Give a signed-in page; afterwards it must have had no error and spoken to nobody else."""
    from support.browser import signed_in

    with signed_in(browser, daemon) as watched:
        yield watched
        assert watched.errors == []
        assert watched.elsewhere == []
