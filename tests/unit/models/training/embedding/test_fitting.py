"""Distilling the sentence embedder: what it is taught, and that what is written is what learned."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import zstandard

from selfd_models.embedding.embedder import Embedder
from selfd_models.embedding.spelling import Lexicon
from selfd_models.training.embedding.corpus import (
    HELD_OUT_FILE,
    SOURCES,
    collect,
    known_words,
    paragraphs,
    phrases,
    sentences,
    turns,
    with_typos,
)

PAIRS = ("squad_passages", "squad_questions", "nq_open_oracle", "boolq", "pubmedqa", "tatoeba")


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(record) + "\n" for record in records)
    path.write_bytes(zstandard.compress(text.encode()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with every file that is read, nearly all of them empty."""
    for path in {source.path for source in SOURCES} | {f"pairs/{name}.jsonl.zst" for name in PAIRS}:
        _write(tmp_path / path, [])
    both = ["A man is playing a large flute.", "Nobody has said this in any test."]
    _write(
        tmp_path / "pairs/tatoeba.jsonl.zst",
        [{"lang": "deu", "n": n, "text": "…", "eng": text} for n, text in enumerate(both)],
    )
    held = {
        "lang": "en",
        "part": "test",
        "a": both[0].upper(),
        "b": "Another sentence.",
        "score": 1,
    }
    _write(tmp_path / HELD_OUT_FILE, [held])
    passage = {
        "id": 1,
        "text": "The Danube flows through ten countries, more than any other river.",
    }
    _write(tmp_path / "pairs/squad_passages.jsonl.zst", [passage])
    question = {"passage": 1, "question": "How many countries does the Danube cross?"}
    _write(tmp_path / "pairs/squad_questions.jsonl.zst", [question])
    return tmp_path


def test_a_sentence_of_the_benchmark_is_never_taught(data: Path) -> None:
    corpus = collect(data, most=100, seed=1)
    assert "Nobody has said this in any test." in corpus.texts
    assert not [text for text in corpus.texts if "flute" in text]


def test_a_question_is_paired_with_its_passage(data: Path) -> None:
    [(question, passage)] = collect(data, most=100, seed=1).pairs
    assert question == "How many countries does the Danube cross?"
    assert passage.startswith("The Danube flows")


def test_fewer_texts_are_the_first_of_more(data: Path) -> None:
    assert collect(data, most=2, seed=1).texts == collect(data, most=100, seed=1).texts[:2]


def test_nothing_for_research_or_private_use_alone_is_taught() -> None:
    paths = " ".join(source.path for source in SOURCES)
    for forbidden in ("locomo", "sick", "semeval", "stsb", "asdiv", "bbh", "multihoprag", "feeds"):
        assert forbidden not in paths


def test_running_text_is_split_at_stops_before_capitals() -> None:
    text = "It cost 3.50 euros. “Too much!” he said.\nShe paid anyway.\n\nThe end"
    assert list(sentences(text)) == [
        "It cost 3.50 euros.",
        "“Too much!” he said.",
        "She paid anyway.",
        "The end",
    ]


def test_a_turn_of_a_dialogue_loses_its_speaker() -> None:
    assert list(turns("User: At 10:30, please.\nAssistant: Done.")) == [
        "At 10:30, please.",
        "Done.",
    ]


def test_short_paragraphs_are_left_to_the_sentences() -> None:
    assert list(paragraphs("Short.\n\n" + "long " * 50)) == [("long " * 50).strip()]


def test_phrases_are_runs_of_words_of_the_texts() -> None:
    text = "one two three four five six seven"
    [phrase] = phrases([text], 5, random.Random(2))
    assert phrase in text
    assert 2 <= len(phrase.split()) <= 5


def test_known_words_are_the_commonest_of_plain_letters() -> None:
    texts = ["The bus, the BUS! 3 cafés, 2nd bus", "the café; the bus's end", "the end"]
    assert known_words(texts, size=2, least=2) == {"the": 5, "bus": 4}
    assert known_words(texts, least=2) == {"the": 5, "bus": 4, "end": 2}


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1])
def test_typos_hit_about_the_share_that_was_asked_for(share: float) -> None:
    text = "0123456789" * 200  # typing errors are letters: what is no digit was hit
    typed = with_typos(text, share, random.Random(3))
    letters = sum(character.isalpha() for character in typed)
    assert letters == pytest.approx(len(text) * share / 2, abs=30)  # two kinds of four
    assert len(typed) == pytest.approx(len(text), rel=0.1)


def test_what_was_learned_is_what_is_written_and_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="distilling needs the extra `distil`")
    from selfd_models.training.embedding.fitting import write
    from selfd_models.training.embedding.student import Recipe, Student

    student = Student(Recipe(rows=500, seed=4))
    student.gates.data.normal_()
    student.projection.data += 0.1 * torch.randn(256, 256)
    texts = ["The bus is late again.", "a", "Ünïcode 你好", "x" * 100]
    path = tmp_path / "embedder.safetensors"
    found = write(path, *student.frozen(), Lexicon.of({"bus": 2, "late": 2}))
    read = Embedder.load(path)
    assert read.fingerprint == found
    cosines = (read.embed(texts) * student.embed(texts).detach().numpy()).sum(axis=1)
    assert cosines.min() > 0.999  # int8 rounds each row to a 254th of its widest value
