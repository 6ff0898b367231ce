"""What is gathered for an answer, how sure it makes, and whom words speak of."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from selfd_daemon.answering.calibration.fitting import fit
from selfd_daemon.answering.calibration.measuring import calibration_error
from selfd_daemon.answering.question import read_question
from selfd_daemon.answering.retrieval.confidence import SHIPPED, confidence, signals_of
from selfd_daemon.answering.retrieval.evidence import FEATURES, Abandoned, Gathered, gather
from selfd_daemon.answering.retrieval.voices import Voices
from selfd_storage import ChunkRecord, Hit, MemoryRecord
from selfd_storage.language.lexicon import terms

AT = datetime(2026, 5, 7, tzinfo=UTC)


def memory(text: str, number: int = 1) -> MemoryRecord:
    return MemoryRecord(f"memory:{number}", "NOTE", text, (), "chat", AT, AT, AT, 1, None, 0.5)


def hits(*texts: str) -> list[Hit]:
    return [
        Hit(memory(text, number), 1 / number, text, ("words",))
        for number, text in enumerate(texts, 1)
    ]


def sure(gathered: Gathered) -> float:
    return confidence(signals_of(gathered))


@pytest.mark.parametrize(
    ("text", "own", "other"),
    [
        ("Eva: I play the cello.", {"cello"}, set()),
        ("Max: I play the cello.", set(), {"cello"}),
        ("Max: Your cello is lovely.", {"cello"}, set()),
        ("Eva: What is your cello like?", set(), {"cello"}),
        ("Eva: How is the cello?", set(), {"cello"}),
        ("Max: Is the cello still in the cellar?", {"cello"}, set()),
        ("Eva: Did I leave the cello in the tram?", {"cello"}, set()),
        ("Max: I like your cello.", {"cello"}, {"cello"}),
        ("Max: Lovely! Your cello shines. My violin is old.", {"cello"}, {"violin"}),
        ("The cello stands in the hall.", {"cello"}, set()),
    ],
)
def test_words_speak_of_the_speaker_or_of_the_listener(
    text: str, own: set[str], other: set[str]
) -> None:
    items = [memory(text), memory("Eva: hm", 2), memory("Max: hm", 3)]
    said = Voices(read_question("What does Eva play?"), items).said(items[0], terms(text))
    instruments = {"cello", "violin"}
    assert said.own & instruments == own
    assert said.other & instruments == other


@pytest.mark.parametrize("question", ["Who plays the cello?", "Do Eva and Max play the cello?"])
def test_a_question_that_names_no_speaker_or_two_takes_words_from_all(question: str) -> None:
    items = [memory("Max: I play the cello."), memory("Eva: hm", 2)]
    said = Voices(read_question(question), items).said(items[0], ["cello"])
    assert said.own == {"cello"}
    assert not said.other


def test_a_follow_up_is_about_whom_it_names_itself() -> None:
    items = [memory("Max: I play the cello."), memory("Eva: hm", 2)]
    asked = read_question("And Max?", before="Does Eva play the cello?")
    assert Voices(asked, items).said(items[0], ["cello"]).own >= {"cello"}


def test_every_feature_has_a_weight_and_stays_within_its_bounds() -> None:
    told = {name.removeprefix("told.") for name in SHIPPED if name.startswith("told.")}
    read = {name.removeprefix("read.") for name in SHIPPED if name.startswith("read.")}
    assert told == {*FEATURES, "bias"}
    assert read == told - {"astray", "rival"}  # only those who talk can be rivals
    found = hits("Eva: I play the cello in Graz.", "Max: I play the cello.", "Eva: Tea?")
    for question in ("Where does Eva play the cello?", "Where does Max play it?", "Is it?", "?"):
        gathered = gather(read_question(question), found)
        assert set(gathered.features) == set(FEATURES)
        assert all(0 <= value <= 1 for value in gathered.features.values())
        assert 0 < sure(gathered) < 1
        assert all(0 <= each.score <= 1 for each in gathered.evidence)


def test_nothing_found_is_nothing_known() -> None:
    assert sure(gather(read_question("Where is it?"), [])) == 0.0


def test_what_was_told_and_what_was_read_are_judged_apart() -> None:
    text = "The cello stands in the hall."
    chunk = ChunkRecord("chunk:1", "document:1", "/a", text, 1, 1)
    asked = read_question("Where does the cello stand?")
    told, read = gather(asked, hits(text)), gather(asked, [Hit(chunk, 1.0, text, ("words",))])
    assert (told.is_told, read.is_told) == (True, False)
    assert sure(told) != sure(read)


def test_a_reply_without_a_word_of_the_question_can_be_quoted() -> None:
    found = hits("Eva: Which instrument do you play?", "Max: The cello.")
    quotes = [each.sentence.text for each in gather(read_question("instrument"), found).evidence]
    assert quotes == ["Eva: Which instrument do you play?", "Max: The cello."]


def test_a_question_is_not_answered_with_itself() -> None:
    asked = read_question("Who stole the tarts?")
    found = hits("Who Stole the Tarts?", "The Knave of Hearts, he stole those tarts.")
    (only,) = gather(asked, found).evidence
    assert only.sentence.text == "The Knave of Hearts, he stole those tarts."
    assert gather(asked, hits("“Who stole the tarts?” asked the King.")).evidence


def test_the_work_stops_when_nobody_waits() -> None:
    with pytest.raises(Abandoned):
        gather(read_question("cello"), hits("The cello."), lambda: True)


def test_the_fit_finds_the_weights_that_made_the_data() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(size=(20_000, 2))
    p = 1 / (1 + np.exp(-(4 * x[:, 0] - 2 * x[:, 1] - 1)))
    y = (rng.uniform(size=len(p)) < p).astype(float)
    weights = fit(x, y)
    assert weights == pytest.approx([4, -2, -1], abs=0.2)  # three standard errors
    assert calibration_error(p, y) < 0.02
    assert calibration_error(np.full_like(p, 0.99), y) > 0.3


def test_confidence_grows_with_what_speaks_for_an_answer() -> None:
    evidence = gather(read_question("cello"), hits("The cello.")).evidence
    values = [
        sure(Gathered(evidence, dict.fromkeys(FEATURES, 0.0) | {"coverage": share}))
        for share in (0.0, 0.5, 1.0)
    ]
    assert values == sorted(values)
    rivalled = dict.fromkeys(FEATURES, 0.5) | {"rival": 1.0}
    assert sure(Gathered(evidence, rivalled)) < 0.3


def test_the_only_thing_that_was_found_is_not_ahead_of_anything() -> None:
    alone = gather(read_question("What is the capital of Mongolia?"), hits("Joe has three cats."))
    assert alone.features["margin"] == 0
