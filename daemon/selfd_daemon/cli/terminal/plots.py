"""Figures drawn with characters: gauges, intervals and charts, and the same as a PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from selfd_daemon.cli.errors import CommandError

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_MARKS = "●○▲△■□◆◇"

Series = Mapping[str, Sequence[float | None]]


def gauge(value: float, *, low: float = 0.0, high: float = 1.0, width: int = 20) -> str:
    """Draw a value as a bar within its range; one that goes below 0 is drawn from the middle."""
    if low < 0:
        half = width // 2
        left = gauge(max(0.0, -value), high=-low, width=half)[::-1]
        return left.translate(_MIRROR) + "│" + gauge(max(0.0, value), high=high, width=half)
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    eighths = round(share * width * 8)
    full, rest = divmod(eighths, 8)
    bar = "█" * full + (_EIGHTHS[rest] if rest else "")
    return bar.ljust(width, "·")


_MIRROR = str.maketrans("▏▎▍▌▋▊▉", "▕▕▐▐▐▐▉")


def interval(low: float, value: float | None, high: float, *, width: int = 20) -> str:
    """Draw a share between 0 and 1 with its interval: `···──●────···`."""
    places = ["·"] * (width + 1)
    for place in range(round(low * width), round(high * width) + 1):
        places[place] = "─"
    if value is not None:
        places[round(value * width)] = "●"
    return "".join(places)


def chart(
    series: Series, *, low: float, high: float, width: int = 60, height: int = 10
) -> list[str]:
    """Draw several series over the same steps, each with its own mark, and say which is which."""
    steps = max((len(values) for values in series.values()), default=0)
    rows = [[" "] * width for _ in range(height)]
    for mark, values in zip(_MARKS, series.values(), strict=False):
        for step, value in enumerate(values):
            if value is not None:
                column = round(step / max(steps - 1, 1) * (width - 1))
                rows[height - 1 - _place(value, low, high, height)][column] = mark
    lines = []
    for number, row in enumerate(rows):
        label = {0: f"{high:.2f}", height - 1: f"{low:.2f}"}.get(number, "")
        lines.append(f"{label:>6} ┤{''.join(row).rstrip()}")
    lines.append(" " * 7 + "└" + "─" * width)
    legend = "  ".join(f"{mark} {name}" for mark, name in zip(_MARKS, series, strict=False))
    return [*lines, " " * 8 + legend]


def picture(
    path: Path, title: str, x: Sequence[Any], series: Series, *, low: float, high: float
) -> None:
    """Draw several series into a PNG.

    Raises:
        CommandError: matplotlib is not installed, or the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise CommandError(
            'a picture needs matplotlib: pip install "selfd[plots]", or leave out --plot'
        ) from error
    figure = Figure(figsize=(9, 5), layout="constrained")
    axes = figure.subplots()
    for name, values in series.items():
        axes.plot(x, [float("nan") if each is None else each for each in values], ".-", label=name)
    axes.set(title=title, ylim=(low, high))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.autofmt_xdate()
    try:
        figure.savefig(path, format="png", dpi=120)
    except OSError as error:
        raise CommandError(f"the picture cannot be written to {str(path)!r}: {error}") from error


def _place(value: float, low: float, high: float, count: int) -> int:
    """Return which of `count` equal steps a value falls into."""
    return min(count - 1, max(0, int((value - low) / (high - low) * count)))
