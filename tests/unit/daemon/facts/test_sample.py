"""What the rules find in labelled sentences: nearly all of it right, on unseen ones too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest

from selfd_daemon.facts import read_statements

FOLDER = Path(__file__).parent
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


@pytest.mark.parametrize("name", ["sample_tuned.txt", "sample_held_out.txt"])
def test_at_least_95_in_100_facts_that_are_found_are_right(name: str) -> None:
    result = outcome(name)
    assert result.found > 50
    assert result.precision >= 0.95, result.wrong


def test_most_of_the_labelled_facts_are_found() -> None:
    assert outcome("sample_tuned.txt").recall >= 0.9, outcome("sample_tuned.txt").missed
    assert outcome("sample_held_out.txt").recall >= 0.75, outcome("sample_held_out.txt").missed


def test_the_sample_is_large_and_half_of_it_states_nothing() -> None:
    sentences = [*labelled("sample_tuned.txt"), *labelled("sample_held_out.txt")]
    assert len(sentences) >= 300
    assert len({sentence for sentence, _ in sentences}) == len(sentences)
    assert 0.4 < sum(not facts for _, facts in sentences) / len(sentences) < 0.6


if __name__ == "__main__":
    for part in ("sample_tuned.txt", "sample_held_out.txt"):
        result = outcome(part)
        print(
            f"{part}: precision {result.precision:.3f} ({result.right} of {result.found}), "
            f"recall {result.recall:.3f} (of {result.labelled})"
        )
