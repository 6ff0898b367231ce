"""Values as a person reads them: times, sizes, counts, and text that cannot steer a terminal."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEERING = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)  # they turn the order of what follows
_SPANS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def clean(text: str) -> str:
    """Drop what would steer the terminal: escapes and other controls, but tab and newline."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        for char in text
        if char in "\n\t" or (unicodedata.category(char) != "Cc" and char not in _STEERING)
    )


def one_line(text: str, width: int = 200) -> str:
    """Return the text cleaned, on one line, cut at a word to fit."""
    flat = " ".join(clean(text).split())
    if len(flat) <= width:
        return flat
    cut = flat[: width - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(",;:.") + "…"


def day(iso: str | None) -> str:
    """Return the local date of a time from the API, empty for none."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d") if iso else ""


def minute(iso: str | None) -> str:
    """Return the local date and minute of a time from the API, empty for none."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M") if iso else ""


def size(count: float) -> str:
    """Return bytes in decimal units, two or three digits long."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if count >= 10 or unit == "B" else f"{count:.1f} {unit}"


def duration(seconds: float) -> str:
    """Return a duration by its largest one or two units; `dom.js` of the dashboard does likewise.

    What rounds up to a whole of the next unit is written in that one: 0.9999 s is `1.0 s`.
    """
    if round(seconds * 1000) < 1000:
        return f"{_two_digits(seconds * 1000)} ms"
    if round(seconds) < 60:
        return f"{_two_digits(seconds)} s"
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{hours // 24} d {hours % 24} h"


def _two_digits(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def plural(count: int, noun: str) -> str:
    """Return `1 file`, `1,204 files`, `2 memories`."""
    if count == 1:
        return f"1 {noun}"
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {many}"


def short_path(path: str) -> str:
    """Return a path as it is typed from here: relative below this folder, else from the home."""
    here, home = Path.cwd(), Path.home()
    if Path(path).is_relative_to(here):
        return clean(str(Path(path).relative_to(here)))
    if Path(path).is_relative_to(home):
        return clean(str("~" / Path(path).relative_to(home)))
    return clean(path)


def moment(text: str) -> datetime:
    """Read a date, a time, or how long ago it was: `2026-11-01`, `2026-11-01T18:00`, `3d`, `12h`.

    Raises:
        ValueError: it is none of these.
    """
    if text[:-1].isdecimal() and text[-1:] in _SPANS:
        return datetime.now(UTC) - timedelta(seconds=int(text[:-1]) * _SPANS[text[-1]])
    return datetime.fromisoformat(text).astimezone()
