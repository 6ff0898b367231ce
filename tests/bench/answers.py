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
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.locomo import read, remember
from selfd_daemon.answering import AnsweringService
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_storage import Store

if TYPE_CHECKING:
    from bench.row import Row

UNANSWERABLE = "adversarial"


@dataclass(frozen=True, slots=True)
class Given:
    """One answer; `cites_evidence` and `verbatim` are of its quotes."""

    kind: str
    abstained: bool
    confidence: float
    cites_evidence: bool
    quotes: int
    verbatim: int


def rows(data: Path | None) -> list[Row]:
    """Return what the answers are worth."""
    from bench.row import Row

    if data is None:
        return []
    given = asyncio.run(ask_all(data))
    none = [each for each in given if each.kind == UNANSWERABLE]
    some = [each for each in given if each.kind != UNANSWERABLE]
    told = [each for each in some if not each.abstained]
    ratio = abstained(none) / max(abstained(some), 1e-9)
    quotes = sum(each.quotes for each in given)
    verbatim = sum(each.verbatim for each in given) / max(1, quotes)
    evidence = sum(each.cites_evidence for each in told) / max(1, len(told))
    note = f"{abstained(none):.2f} of {len(none)} against {abstained(some):.2f} of {len(some)}"
    return [
        Row("LoCoMo, quotes verbatim", verbatim, "", 0.99, "higher", f"{quotes} quotes"),
        Row(
            "LoCoMo, answers that cite evidence",
            evidence,
            "",
            None,
            "higher",
            f"{len(told)} answers",
        ),
        Row("LoCoMo, abstains without an answer", ratio, "x", 2.0, "higher", note),
    ]


def abstained(given: Sequence[Given]) -> float:
    """Return the share of answers that were abstentions."""
    return sum(each.abstained for each in given) / max(1, len(given))


async def ask_all(data: Path) -> list[Given]:
    """Ask every question of every dialogue."""
    questions = defaultdict(list)
    for question in read(data / "memory" / "locomo_qa.jsonl.zst"):
        questions[question["conv"]].append(question)
    given = []
    for dialogue in read(data / "memory" / "locomo_conversations.jsonl.zst"):
        with tempfile.TemporaryDirectory(prefix="selfd-bench-") as folder:
            async with await Store.open(Path(folder)) as store:
                turns = await remember(store, dialogue)
                service = AnsweringService(store, AnsweringSettings(), monotonic=time.monotonic)
                for asked in questions[dialogue["id"]]:
                    answer = await service.ask(Question(asked["question"]))
                    items = await store.items([cited.item_id for cited in answer.citations])
                    pairs = list(zip(answer.citations, items, strict=True))
                    verbatim = sum(
                        item is not None and cited.quote in item.text for cited, item in pairs
                    )
                    cited = {turn for each in answer.citations for turn in turns[each.item_id]}
                    given.append(
                        Given(
                            asked["kind"],
                            answer.abstained,
                            answer.confidence,
                            bool(cited & set(asked["evidence"])),
                            len(pairs),
                            verbatim,
                        )
                    )
    return given


def main(arguments: Sequence[str]) -> None:
    """Print the rows as a table."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    print(table(rows(parser.parse_args(arguments).data)))


if __name__ == "__main__":
    main(sys.argv[1:])
