"""The built-in model as the daemon meets it: any text gets a result."""

from typing import Any

import numpy as np
import pytest

from selfd_models import builtin
from selfd_models.builtin import BuiltinModel, Score
from selfd_models.checkpoint import Checkpoint
from selfd_models.config import TINY
from selfd_models.decoding.speculation import Choice, Tally
from selfd_models.parameters import count
from selfd_models.patcher import Bytes


@pytest.fixture(scope="session")
def model(checkpoint: Checkpoint) -> BuiltinModel:
    return BuiltinModel(checkpoint)


def test_it_says_what_it_is(model: BuiltinModel, checkpoint: Checkpoint) -> None:
    assert model.backend == "numpy"
    assert model.parameters == count(TINY)
    assert model.fingerprint == checkpoint.fingerprint


def test_the_empty_text_costs_nothing(model: BuiltinModel) -> None:
    assert model.score("") == Score(0, 0.0)
    assert model.score("").bits_per_byte == 0.0
    assert model.patches("") == []


@pytest.mark.parametrize(
    "given",
    [
        "a",
        "\n",
        "\0",
        "é",
        "日本語のテキスト",
        "\ud800 a lone surrogate",
        "".join(map(chr, range(256))),
    ],
)
def test_any_text_is_scored_and_patched(model: BuiltinModel, given: str) -> None:
    size = len(given.encode("utf-8", "surrogatepass"))
    score = model.score(given)
    assert score.bytes == size
    assert 0.0 < score.bits_per_byte < 64.0
    assert model.patches(given)


def test_a_score_adds_up_what_each_byte_costs(model: BuiltinModel, text: Bytes) -> None:
    piece = text[:700]
    score = model.score(piece.tobytes().decode())
    assert score.bits == pytest.approx(float(model.surprise(piece).sum()), rel=1e-5)


def test_what_was_expected_is_what_surprise_is_measured_by(
    model: BuiltinModel, text: Bytes
) -> None:
    piece = text[:300]
    chances = model.chances(piece)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0, atol=1e-12)
    own = -np.log2(chances[np.arange(len(piece)), piece])
    np.testing.assert_allclose(own, model.surprise(piece), atol=1e-4)  # float32 sums


def test_a_long_text_is_scored_in_pieces(
    model: BuiltinModel, text: Bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtin, "PIECE", 256)
    pieces = list(model.score_pieces(text[:1000].tobytes().decode()))
    assert [piece.bytes for piece in pieces] == [256, 256, 256, 232]
    assert pieces[1].bits == pytest.approx(float(model.surprise(text[256:512]).sum()), rel=1e-5)


def test_patches_join_to_the_text(model: BuiltinModel, text: Bytes) -> None:
    words = text[:3000].tobytes().decode()
    patches = model.patches(words)
    assert "".join(patches) == words
    assert 1 < len(words) / len(patches) < 16


def test_patches_that_split_a_character_are_given_byte_by_byte(model: BuiltinModel) -> None:
    patches = model.patches("日本語" * 40)
    assert any("\xe6" in patch for patch in patches)
    octets = b"".join(
        patch.encode("latin-1") if max(patch) <= "\xff" else patch.encode() for patch in patches
    )
    assert octets.decode() == "日本語" * 40


def test_vectors_are_of_unit_length(model: BuiltinModel) -> None:
    vectors = model.embed(["a river", ""])
    assert vectors.shape == (2, 256)
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1.0).max() < 1e-5


@pytest.mark.mlx
def test_mlx_scores_alike(checkpoint: Checkpoint, model: BuiltinModel, text: Bytes) -> None:
    pytest.importorskip("mlx.core")
    other: Any = BuiltinModel(checkpoint, "mlx")
    assert np.abs(other.surprise(text[:900]) - model.surprise(text[:900])).max() < 2e-3


@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_a_text_is_continued_the_same_way_every_time(
    model: BuiltinModel, temperature: float
) -> None:
    def continued(**options: Any) -> bytes:
        told = model.complete("The river", max_bytes=60, temperature=temperature, **options)
        return b"".join(told)

    once = continued(seed=4)
    assert len(once) == 60
    assert once == continued(seed=4) == continued(seed=4, speculative=True)
    assert (once == continued(seed=5)) is (temperature == 0.0)


def test_an_empty_prompt_and_no_room_are_fine(model: BuiltinModel) -> None:
    assert len(b"".join(model.complete("", max_bytes=5))) == 5
    assert list(model.complete("a", max_bytes=0)) == []


def test_a_continuation_stops_when_told(model: BuiltinModel) -> None:
    given: list[bytes] = []
    for byte in model.complete("The river", stop=lambda: len(given) == 3):
        given.append(byte)
    assert len(given) == 3
    assert list(model.complete("a" * 1000, stop=lambda: True)) == []


def test_drafts_are_counted(model: BuiltinModel) -> None:
    tally = Tally()
    given = list(model.complete("The river", max_bytes=40, speculative=True, tally=tally))
    assert tally.bytes >= len(given) == 40
    assert 1 <= tally.passes <= tally.bytes


def test_whether_drafts_pay_is_measured_once_for_greedy_and_once_for_sampled_text(
    model: BuiltinModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[float] = []

    def measured(choice: Choice) -> bool:
        asked.append(choice.temperature)
        return not choice.temperature

    monkeypatch.setattr(model, "_measure", measured)
    monkeypatch.setattr(model, "_paying", {})
    assert [model.drafts_pay(each) for each in (0.0, 0.3, 1.1, 0.0)] == [True, False, False, True]
    assert len(asked) == 2
