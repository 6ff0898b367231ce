"""A run's figures over time: one JSON line per report, and a picture."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfd_models.training.trainer import Progress


class Curves:
    """`curves.jsonl` and `curves.png` in a run's folder."""

    def __init__(self, folder: Path) -> None:
        self._lines = folder / "curves.jsonl"
        self._picture = folder / "curves.png"

    def add(self, progress: Progress) -> None:
        """Append one report; a held-out one redraws the picture."""
        with self._lines.open("a") as lines:
            lines.write(json.dumps(asdict(progress)) + "\n")
        if progress.held_out:
            self.draw()

    def read(self) -> list[dict[str, Any]]:
        """Give every report so far, oldest first."""
        if not self._lines.exists():
            return []
        return [json.loads(line) for line in self._lines.read_text().splitlines()]

    def draw(self) -> None:
        """Draw bits per byte over bytes seen; without matplotlib there is only the JSON."""
        try:
            from matplotlib.figure import Figure
        except ImportError:
            return
        rows = self.read()
        if not rows:
            return
        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.subplots()
        axes.plot(
            [row["bytes"] / 1e6 for row in rows], [row["bits"] for row in rows], label="train"
        )
        scored = [row for row in rows if row["held_out"]]
        for kind in scored[-1]["held_out"] if scored else ():
            axes.plot(
                [row["bytes"] / 1e6 for row in scored],
                [row["held_out"].get(kind) for row in scored],
                label=kind,
                marker=".",
                linewidth=2.5 if kind == "mean" else 1.0,
            )
        axes.set(xlabel="million bytes seen", ylabel="bits per byte", ylim=(0.8, 4.0))
        axes.legend()
        axes.grid(visible=True, alpha=0.3)
        figure.savefig(self._picture)
