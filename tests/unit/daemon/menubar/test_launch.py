"""Where no menu bar can be shown: one sentence that says why and what to do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from selfd_daemon.clients.menubar.errors import NoQtError, NoScreenError
from selfd_daemon.clients.menubar.launch import launch
from selfd_daemon.paths import DataFolder


def test_without_pyside_the_extra_is_named(tmp_path: Path) -> None:
    def load(name: str) -> object:
        raise ModuleNotFoundError(f"No module named {name!r}")

    with pytest.raises(NoQtError, match=r"pip install 'selfd\[menubar\]'"):
        launch(DataFolder(tmp_path), start="selfd up", notify=True, load=load)


def test_a_missing_library_of_the_system_is_named(tmp_path: Path) -> None:
    def load(name: str) -> object:
        raise ImportError("libEGL.so.1: cannot open shared object file")

    with pytest.raises(NoQtError, match=r"does not load \(libEGL\.so\.1.*system's packages"):
        launch(DataFolder(tmp_path), start="selfd up", notify=True, load=load)


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS always has its menu bar")
def test_without_a_screen_it_says_so_and_does_not_abort(tmp_path: Path) -> None:
    with pytest.raises(NoScreenError, match="no screen here"):
        launch(
            DataFolder(tmp_path),
            start="selfd up",
            notify=True,
            environment={"DISPLAY": ""},
            load=lambda name: None,
        )


def test_the_daemon_knows_the_documents_without_loading_qt() -> None:
    code = "import selfd_daemon.server.app, sys; sys.exit('PySide6' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
