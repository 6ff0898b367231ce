"""The menu bar on a real daemon: its token, its connection, its window, its process."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="PySide6 does not load here", exc_type=ImportError)

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from selfd_daemon.clients.menubar import requests
from selfd_daemon.clients.menubar.app import MenuBar
from selfd_daemon.clients.menubar.connection import Connection
from selfd_daemon.clients.menubar.tray import Tray
from selfd_daemon.clients.menubar.updates import AnswerEnded, AnswerGrew, Update
from selfd_daemon.paths import DataFolder
from support.command import SELFD
from support.daemon import RunningDaemon, running_daemon, start_daemon
from support.screen import SECONDS, application, dark_palette, until

FERRY = "The ferry to Gotland leaves Nynäshamn at 11:05."
QUESTION = "When does the ferry to Gotland leave?"


@pytest.fixture
def bar(daemon: RunningDaemon) -> Iterator[MenuBar]:
    """Give a menu bar that has read the daemon's state."""
    with_window = _bar(daemon.folder)
    until(lambda: with_window.state.status)
    yield with_window
    with_window.close()


def _bar(folder: Path) -> MenuBar:
    application()
    shown = MenuBar(DataFolder(folder), start="selfd up", notify=True)
    shown.start()
    return shown


def _ask(bar: MenuBar, question: str) -> None:
    bar.panel.question.setText(question)
    bar.panel.ask_button.click()
    until(lambda: bar.state.asked and not bar.state.asked.waits)


def test_its_token_is_private_and_can_neither_forget_nor_export_nor_sign_in(
    daemon: RunningDaemon,
) -> None:
    path = daemon.folder / "menubar.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    id = daemon.remember("This must stay.")
    shown = {
        "Authorization": f"Bearer {path.read_text()}",
        "Content-Type": "application/json",
    }
    for document in (
        f'mutation {{ forget(id: \\"{id}\\") }}',
        "{ memories { edges { node { text } } } }",
        f'mutation {{ backup(path: \\"{daemon.folder / "copy"}\\") {{ path }} }}',
    ):
        body = f'{{"query": "{document}"}}'.encode()
        reply = daemon.ask("POST", "/graphql", body, shown, token=False)
        assert b'"FORBIDDEN"' in reply.body
        assert b"must stay" not in reply.body
    for path_of_owner in ("/session/code", "/metrics"):
        assert daemon.ask("POST", path_of_owner, b"{}", shown, token=False).status == 403
    assert daemon.query("query ($id: ID!) { node(id: $id) { id } }", id=id)["node"]
    assert not (daemon.folder / "copy").exists()


def test_an_answer_comes_in_pieces_and_then_whole(daemon: RunningDaemon) -> None:
    daemon.remember(FERRY)
    heard: Queue[Update] = Queue()
    connection = Connection(DataFolder(daemon.folder), heard.put)
    connection.open()
    try:
        heard.get(timeout=SECONDS)  # connected
        id = connection.send(requests.ask(QUESTION, None))
        pieces: list[str] = []
        while not isinstance(update := heard.get(timeout=SECONDS), AnswerEnded):
            pieces += [update.text] if isinstance(update, AnswerGrew) else []
    finally:
        connection.close()
    assert pieces
    assert update.id == id
    assert update.answer["citations"][0]["quote"] == FERRY


def test_the_window_shows_an_answer_with_its_source(bar: MenuBar, daemon: RunningDaemon) -> None:
    daemon.remember(FERRY)
    _ask(bar, QUESTION)
    written = bar.panel.answer.toPlainText()
    assert "11:05" in written.splitlines()[0]
    assert f"“{FERRY}”\nnote, " in written
    assert "confidence" in written
    assert bar.panel.ask_button.text() == "Ask"


def test_markup_in_an_answer_is_shown_as_it_is(bar: MenuBar, daemon: RunningDaemon) -> None:
    daemon.remember("The <b>zeppelin</b> has <img src=x> seven gondolas.")
    _ask(bar, "How many gondolas has the zeppelin?")
    assert "<img src=x>" in bar.panel.answer.toPlainText()


def test_what_is_told_is_stored_and_the_field_emptied(bar: MenuBar, daemon: RunningDaemon) -> None:
    before = bar.state.status or {}
    bar.panel.text.setText("Anna likes oat milk.")
    bar.panel.remember_button.click()
    until(lambda: (bar.state.status or before)["memoryCount"] == before["memoryCount"] + 1)
    found = daemon.query("{ memories(first: 1) { edges { node { text } } } }")["memories"]
    assert found["edges"][0]["node"]["text"] == "Anna likes oat milk."
    assert (bar.panel.text.text(), bar.panel.note.text()) == ("", "Remembered.")


def test_a_refused_text_stays_in_its_field_with_the_reason(folder: Path) -> None:
    with running_daemon(folder, SELFD_MEMORY_MAX_TEXT_BYTES="20"):
        bar = _bar(folder)
        until(lambda: bar.state.status)
        bar.panel.text.setText("This is longer than it may be.")
        bar.panel.remember_button.click()
        until(lambda: bar.state.kept and bar.state.kept.error)
        bar.close()
    assert "20" in bar.panel.note.text()
    assert bar.panel.text.text()


def test_a_job_that_fails_is_told_with_its_reason(bar: MenuBar, daemon: RunningDaemon) -> None:
    daemon.query('mutation { startJob(kind: BACKUP, options: {path: "nowhere"}) { id } }')
    until(lambda: bar.state.failed)
    details = bar.panel.findChildren(type(bar.panel.note))
    assert any("Backup failed" in label.text() for label in details)


def test_nights_are_paused_and_resumed_and_the_last_thought_is_shown(
    bar: MenuBar, daemon: RunningDaemon
) -> None:
    until(lambda: bar.state.tonight and bar.state.thought)
    bar.tray.chosen.emit("pause")
    until(lambda: bar.state.tonight and bar.state.tonight["paused"])
    told = daemon.query("{ tonight { paused note } }")["tonight"]
    assert told["paused"]
    assert told["note"].endswith("its owner paused the nights")  # between 1 and 6, it waits for it
    bar.tray.chosen.emit("resume")
    until(lambda: bar.state.tonight and not bar.state.tonight["paused"])
    assert bar.panel.nights_button.text() == "Pause nights"
    bar.panel.nights_button.click()
    until(lambda: bar.state.tonight and bar.state.tonight["paused"])
    assert bar.panel.nights_button.text() == "Resume nights", "where there is no icon to open"


def test_the_dashboard_opens_through_a_link_that_signs_in_once(
    bar: MenuBar, daemon: RunningDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, browser = tmp_path / "link", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {link}.part && mv {link}.part {link}\n')
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    bar.panel.dashboard_button.click()
    until(link.exists)
    address, _, code = link.read_text().partition("/#code=")
    assert address == daemon.url
    body = f'{{"code": "{code}"}}'.encode()
    assert daemon.ask("POST", "/session", body, token=False).status == 200


def test_a_daemon_that_stops_and_comes_back_is_noticed(folder: Path) -> None:
    with running_daemon(folder) as first:
        bar = _bar(folder)
        until(lambda: bar.state.status)
        first.stop()
        until(lambda: bar.state.away)
    try:
        assert not bar.panel.ask_button.isEnabled()
        assert bar.state.away is not None
        assert bar.state.away.next_step == "start it with selfd up"
        with running_daemon(folder):
            until(lambda: bar.state.status)
            assert bar.panel.ask_button.isEnabled()
    finally:
        bar.close()


def test_a_daemon_that_is_killed_in_the_middle_of_a_request_is_noticed(folder: Path) -> None:
    daemon = start_daemon(folder)
    bar = _bar(folder)
    try:
        until(lambda: bar.state.status)
        daemon.process.send_signal(signal.SIGSTOP)
        bar.panel.text.setText("Will this arrive?")
        bar.panel.remember_button.click()
        daemon.stop(signal.SIGKILL)
        until(lambda: bar.state.kept and bar.state.kept.error)
        assert bar.panel.text.text() == "Will this arrive?"
        assert "stopped" in bar.panel.note.text()
    finally:
        bar.close()
        assert daemon.process.stdout is not None
        daemon.process.stdout.close()
        daemon.errors.close()


def test_escape_leaves_a_window_that_no_icon_could_bring_back(bar: MenuBar) -> None:
    if Tray.available():
        pytest.skip("there is a system tray here")
    QTest.keyClick(bar.panel, Qt.Key.Key_Escape)
    application().processEvents()
    assert bar.panel.isVisible()


def test_it_is_drawn_anew_when_the_desktop_turns_dark(bar: MenuBar) -> None:
    app, light = application(), application().palette()
    before = bar.panel.grab().toImage()
    app.setPalette(dark_palette())
    try:
        until(lambda: bar.panel.grab().toImage().pixelColor(2, 2).lightness() < 64)
        after = bar.panel.grab().toImage()
        assert any(
            after.pixelColor(x, y).lightness() > 192 for x in range(10, 36) for y in range(8, 36)
        ), "the mark has the ink of the dark desktop"
    finally:
        app.setPalette(light)
    assert before.pixelColor(2, 2).lightness() > 192


def test_the_command_runs_until_it_is_told_to_stop(daemon: RunningDaemon) -> None:
    menubar = subprocess.Popen(
        [SELFD, "menubar", "--data-dir", str(daemon.folder)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: daemon.metric("selfd_websockets") == 1)
        menubar.send_signal(signal.SIGTERM)
        assert menubar.wait(SECONDS) == 0
    finally:
        menubar.kill()
        menubar.wait()


def test_without_a_screen_the_command_says_so() -> None:
    if sys.platform == "darwin":
        pytest.skip("macOS always has its menu bar")
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [SELFD, "menubar"], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "there is no screen here" in done.stderr
