"""Labelled sentences, and how what the rules find in them compares with the labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from selfd_daemon.facts import read_statements

FOLDER = Path(__file__).parents[1] / "unit" / "daemon" / "facts"
AT = datetime(2026, 6, 10, tzinfo=UTC)
Fact: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the facts that were found compare with the labelled ones."""

    right: int
    found: int
    labelled: int
    wrong: list[str]
    missed: list[str]

    @property
    def precision(self) -> float:
        return self.right / self.found

    @property
    def recall(self) -> float:
        return self.right / self.labelled


def labelled(name: str) -> Iterator[tuple[str, set[Fact]]]:
    """Yield the sentences of a sample with what they state."""
    for line in (FOLDER / name).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            sentence, _, facts = line.partition("=>")
            stated = {
                tuple(part.strip() for part in fact.split("|"))
                for fact in facts.split(";")
                if fact.strip()
            }
            yield sentence.strip().replace("\\n", "\n"), stated


def outcome(name: str) -> Outcome:
    """Read every sentence of a sample and compare."""
    right = found = total = 0
    wrong: list[str] = []
    missed: list[str] = []
    for sentence, expected in labelled(name):
        read = {
            (each.subject, each.predicate, each.object) for each in read_statements(sentence, AT)
        }
        right += len(read & expected)
        found += len(read)
        total += len(expected)
        wrong += [f"{sentence} -> {fact}" for fact in read - expected]
        missed += [f"{sentence} -> {fact}" for fact in expected - read]
    return Outcome(right, found, total, wrong, missed)
