"""One daemon for tests that leave it as they found it; others start their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.daemon import RunningDaemon, running_daemon


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDaemon]:
    """Give a daemon that serves the tests of one module."""
    with running_daemon(tmp_path_factory.mktemp("daemon") / "data") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the place for a data folder that is not there yet."""
    return tmp_path / "data"
