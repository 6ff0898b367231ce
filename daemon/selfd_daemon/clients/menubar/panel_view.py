"""The panel as a value: every text in it, and which of its buttons can be pressed."""

from __future__ import annotations

from dataclasses import dataclass

from selfd_daemon.cli.terminal.text import clean
from selfd_daemon.clients.menubar.menu import Item, Mark, details, headline, mark, nights
from selfd_daemon.clients.menubar.quotes import how_sure, quote_lines
from selfd_daemon.clients.menubar.state import Asked, Kept, State


@dataclass(frozen=True, slots=True)
class PanelView:
    """What the panel shows."""

    mark: Mark
    headline: str
    details: str
    here: bool  # whether the daemon answers, so that anything can be sent
    waits: bool  # whether an answer is on its way, so that it can be stopped
    answer: str
    sources: str
    error: str
    note: str  # what became of the text to remember
    may_remember: bool
    nights: Item | None  # what pauses or resumes them, where there are any

    @property
    def written(self) -> tuple[object, ...]:
        """What stands in the field of the answer."""
        return self.answer, self.sources, self.error, self.waits


def panel_view(state: State) -> PanelView:
    """Return the panel of a state."""
    here, asked, kept = state.away is None, state.asked, state.kept
    return PanelView(
        mark=mark(state),
        headline=headline(state),
        details="\n".join(clean(line) for line in details(state)),
        here=here,
        waits=asked is not None and asked.waits,
        answer=clean(asked.text) if asked else "",
        sources=_sources(asked),
        error=asked.error or "" if asked else "",
        note=_note(kept),
        may_remember=here and not (kept and kept.waits),
        nights=next(iter(nights(state)), None),
    )


def _sources(asked: Asked | None) -> str:
    if asked is None or asked.answer is None:
        return ""
    return "\n\n".join([*quote_lines(asked.answer), how_sure(asked.answer)])


def _note(kept: Kept | None) -> str:
    if kept is None:
        return ""
    return kept.error or ("Remembered." if kept.done else "…")
