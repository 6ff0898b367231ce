"""Measure the built-in mind's answers on LoCoMo: quotes, evidence, and what it will not answer.

    python tests/bench/answers.py --data DIR

Dialogues are remembered as locomo.py tells. The questions of the kind `adversarial` have no answer:
most put to one speaker what the other one said. The confidence model never saw LoCoMo. On its first
three dialogues answers were designed and the threshold was chosen (threshold.py): the bars are
those of the other four.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.locomo import read, remember
from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.calibration.measuring import Case, Outcome, measure, worth
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_daemon.settings import AnsweringSettings
from selfd_storage import Store

if TYPE_CHECKING:
    from bench.row import Row

UNANSWERABLE = "adversarial"
DEVELOPMENT = 3  # of the dialogues, the first ones in the file
ALL_ANSWERED = AnsweringSettings(threshold=0.0, cache_hours=0.0)  # doubtful answers are judged too
NOWHERE = frozenset({""})  # annotated with an answer, and with no turn that holds it


def rows(data: Path | None) -> list[Row]:
    """Return what the answers are worth."""
    if data is None:
        return []
    asked = list(asyncio.run(ask_all(data)).values())
    held_out = [each for some in asked[DEVELOPMENT:] for each in some]
    every = [each for some in asked for each in some]
    return [*_told("held out", held_out, has_bars=True), *_told("all", every, has_bars=False)]


def _told(which: str, outcomes: Sequence[Outcome], *, has_bars: bool) -> list[Row]:
    """Sum up the questions on some dialogues."""
    from bench.row import Row

    found = worth(outcomes)
    note = f"{found.abstained_without:.2f} against {found.abstained:.2f} of {found.questions}"
    lines: list[tuple[str, float, float | None, Literal["lower", "higher"], str]] = [
        ("quotes verbatim", found.verbatim, 0.99, "higher", f"{found.quotes} quotes"),
        ("abstains without an answer, x", found.caution, 2.0, "higher", note),
        ("calibration error", found.calibration_error, 0.10, "lower", "all questions"),
        ("calibration error, answered", found.calibration_answered, None, "lower", ""),
        ("answered, of those with an answer", found.answered, None, "higher", ""),
        ("right, of answers given", found.right, None, "higher", "cites the evidence"),
        ("words of the annotated answer", found.recall, None, "higher", "in the answer"),
        ("F1 with the annotated answer", found.overlap, None, "higher", "quotes are longer"),
    ]
    return [
        Row(f"LoCoMo {which}, {name}", value, "", bar if has_bars else None, better, note)
        for name, value, bar, better, note in lines
    ]


async def ask_all(data: Path, dialogues: int | None = None) -> dict[str, list[Outcome]]:
    """Ask every question of the first so many dialogues, of all for None."""
    questions = defaultdict(list)
    for question in read(data / "memory" / "locomo_qa.jsonl.zst"):
        questions[question["conv"]].append(question)
    outcomes = {}
    known = read(data / "memory" / "locomo_conversations.jsonl.zst")
    for dialogue in islice(known, dialogues):
        with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
            async with await Store.open(Path(folder), embedders=shipped_embedders()) as store:
                turns = await remember(store, dialogue)
                service = AnsweringService(store, ALL_ANSWERED, monotonic=time.monotonic)
                cases = [case(asked, turns) for asked in questions[dialogue["id"]]]
                outcomes[dialogue["id"]] = await measure(
                    service.ask, store, cases, threshold=AnsweringSettings().threshold
                )
    return outcomes


def case(asked: Mapping[str, Any], turns: Mapping[str, set[str]]) -> Case:
    """Return a question with the memories that hold its evidence."""
    answer = asked["answer"]
    if asked["kind"] == UNANSWERABLE:
        return Case(asked["question"], frozenset())
    evidence = {memory for memory, held in turns.items() if held & set(asked["evidence"])}
    return Case(
        asked["question"], frozenset(evidence) or NOWHERE, None if answer is None else str(answer)
    )


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    print(table(rows(parser.parse_args(arguments).data)))


if __name__ == "__main__":
    main(sys.argv[1:])
