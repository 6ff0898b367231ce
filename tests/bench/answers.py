"""Measure the built-in mind's answers on LoCoMo: quotes, evidence, and what it will not answer.

    python tests/bench/answers.py --data DIR

Dialogues are remembered as locomo.py tells. The questions of the kind `adversarial` have no answer:
most put to one speaker what the other one said. The confidence model never saw LoCoMo.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.locomo import read, remember
from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.measuring import Case, Outcome, measure, worth
from selfd_daemon.memory.embedding import shipped_embedders
from selfd_daemon.settings import AnsweringSettings
from selfd_storage import Store

if TYPE_CHECKING:
    from bench.row import Row

UNANSWERABLE = "adversarial"
ALL_ANSWERED = AnsweringSettings(threshold=0.0, cache_hours=0.0)  # doubtful answers are judged too
NOWHERE = frozenset({""})  # annotated with an answer, and with no turn that holds it


def rows(data: Path | None) -> list[Row]:
    """Return what the answers are worth."""
    from bench.row import Row

    if data is None:
        return []
    found = worth(asyncio.run(ask_all(data)))
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
        Row(f"LoCoMo, {name}", value, "", budget, better, note)
        for name, value, budget, better, note in lines
    ]


async def ask_all(data: Path) -> list[Outcome]:
    """Ask every question of every dialogue."""
    questions = defaultdict(list)
    for question in read(data / "memory" / "locomo_qa.jsonl.zst"):
        questions[question["conv"]].append(question)
    outcomes: list[Outcome] = []
    for dialogue in read(data / "memory" / "locomo_conversations.jsonl.zst"):
        with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
            async with await Store.open(Path(folder), embedders=shipped_embedders()) as store:
                turns = await remember(store, dialogue)
                service = AnsweringService(store, ALL_ANSWERED, monotonic=time.monotonic)
                cases = [case(asked, turns) for asked in questions[dialogue["id"]]]
                outcomes += await measure(
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
