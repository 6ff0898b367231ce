"""What a state looks like in the menu and in the panel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from selfd_daemon.clients.menubar.menu import Item, Mark, menu
from selfd_daemon.clients.menubar.panel_view import panel_view
from selfd_daemon.clients.menubar.state import Asked, Kept, State
from selfd_daemon.clients.menubar.updates import Away
from support.menubar import answer, job, status

AWAY = State(away=Away("the daemon is not running", "start it with selfd up"))
WELL = State(away=None, status=status())
BUSY = replace(WELL, jobs=(job("RUNNING"), job("QUEUED", "job:2")))
PROBLEM = replace(BUSY, status=status("the disk is full"))


@pytest.mark.parametrize(
    ("state", "mark", "headline"),
    [
        (State(), "away", "selfd: connecting to the daemon"),
        (AWAY, "away", "selfd: the daemon is not running"),
        (State(away=None), "well", "selfd is there"),
        (WELL, "well", "selfd is ready"),
        (BUSY, "busy", "selfd is working"),
        (PROBLEM, "problem", "selfd has 1 problem"),
    ],
)
def test_the_state_at_a_glance(state: State, mark: Mark, headline: str) -> None:
    shown = menu(state)
    assert (shown.mark, shown.headline, shown.items[0].text) == (mark, headline, headline)


def test_without_the_daemon_the_menu_says_how_to_start_it_and_can_only_be_quit() -> None:
    items = menu(AWAY).items
    assert items[1] == Item("start it with selfd up")
    assert [item.action for item in items if item.enabled] == ["quit"]


def test_with_the_daemon_everything_can_be_chosen() -> None:
    enabled = [item.action for item in menu(WELL).items if item.enabled]
    assert enabled == ["panel", "remember", "dashboard", "quit"]


def test_figures_running_jobs_and_problems_are_lines() -> None:
    lines = [item.text for item in menu(PROBLEM).items][1:4]
    assert lines == ["2 memories, 1 article", "Poll feeds 50%: half", "⚠ the disk is full"]


@pytest.mark.parametrize(
    ("enabled", "paused", "offered"),
    [(True, False, "pause"), (True, True, "resume"), (False, False, None)],
)
def test_nights_can_be_paused_and_resumed_where_there_are_any(
    enabled: bool, paused: bool, offered: str | None
) -> None:
    state = replace(WELL, tonight={"enabled": enabled, "paused": paused})
    actions = [item.action for item in menu(state).items if item.action in ("pause", "resume")]
    assert actions == ([offered] if offered else [])


def test_the_last_thought_is_a_line() -> None:
    state = replace(WELL, thought={"text": "Remembered 2 memories."})
    assert menu(state).items[2].text == "“Remembered 2 memories.”"


def test_the_last_failure_is_a_line_with_its_reason() -> None:
    state = replace(WELL, failed=job("FAILED", error="no such folder"))
    assert menu(state).items[2].text == "⚠ Poll feeds failed: no such folder"


def test_a_long_problem_is_cut_in_the_menu_and_whole_in_the_panel() -> None:
    long = "word " * 40 + "end"
    state = replace(WELL, status=status(long))
    assert all(len(item.text) <= 60 for item in menu(state).items)
    assert panel_view(state).details.endswith("end")


def test_the_panel_shows_the_quote_and_where_it_is_from() -> None:
    view = panel_view(replace(WELL, asked=Asked("1", "At 11:05. [1]", answer())))
    assert view.answer == "At 11:05. [1]"
    assert view.sources.startswith("[1] “leaves at 11:05”\nnote, 2026-01-31 ")
    assert "from a letter" in view.sources
    assert view.sources.endswith("confidence 0.90, by builtin in 250 ms")
    assert not view.waits


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (
            {"__typename": "DocumentChunk", "path": "/x/tea.md", "startLine": 4, "endLine": 6},
            "/x/tea.md, line 4",
        ),
        (
            {"__typename": "Article", "title": "T", "feed": {"title": "F"}, "publishedAt": None},
            "T, F, undated",
        ),
    ],
)
def test_each_kind_of_source_is_named(item: dict[str, object], line: str) -> None:
    given = answer(citations=[{"quote": "q", "score": 1.0, "item": item}], abstained=True)
    view = panel_view(replace(WELL, asked=Asked("1", "text", given)))
    assert view.sources.splitlines()[1] == line
    assert "abstained" in view.sources


def test_while_an_answer_comes_it_can_be_stopped() -> None:
    view = panel_view(replace(WELL, asked=Asked("1", "At 11")))
    assert (view.waits, view.sources, view.error) == (True, "", "")


def test_text_that_would_steer_a_reader_is_cleaned() -> None:
    view = panel_view(replace(WELL, asked=Asked("1", "right\u202eleft\x1b[31m")))
    assert view.answer == "rightleft[31m"


@pytest.mark.parametrize(
    ("kept", "note", "may_remember"),
    [
        (None, "", True),
        (Kept("1"), "…", False),
        (Kept("1", done=True), "Remembered.", True),
        (Kept("1", error="the disk is full"), "the disk is full", True),
    ],
)
def test_what_became_of_a_text_to_remember(
    kept: Kept | None, note: str, may_remember: bool
) -> None:
    view = panel_view(replace(WELL, kept=kept))
    assert (view.note, view.may_remember) == (note, may_remember)
    assert not panel_view(replace(AWAY, kept=kept)).may_remember
