"""`make demo`: real input, five questions, cited answers, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "docs" / "tutorial" / "demo" / "run.py"


@pytest.fixture(scope="module")
def shown() -> str:
    done = subprocess.run(
        [sys.executable, str(DEMO)], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("question", "words", "source"),
    [
        ("Where does Ada keep the spare key?", "under the blue pot", "memory:1"),
        ("Who stole the tarts?", "The Knave of Hearts, he stole", "alice-in-wonderland.txt:"),
        ("Who designed the Go gopher T-shirt", "Renee French was", "The Go Blog, 2014-03-2"),
        ("Which passages keep their ids", "same keep their ids", "docs/reference/documents.md:"),
        ("What is the melting point of tungsten?", "I am not sure", "abstained, by builtin"),
    ],
)
def test_each_question_is_answered_from_its_source_or_not_at_all(
    shown: str, question: str, words: str, source: str
) -> None:
    answer = shown.partition(question)[2].partition("\n$ selfd")[0]
    assert words in answer
    assert source in answer


def test_everything_that_was_read_is_told(shown: str) -> None:
    assert "docs/tutorial/demo/books  2 files: 2 new" in shown
    assert "The Go Blog  4 articles" in shown
    assert "Rust Blog  3 articles" in shown
    assert shown.rstrip().splitlines()[-1].startswith("all of that took ")
