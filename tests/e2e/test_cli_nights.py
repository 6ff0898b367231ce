"""Nights, generations and the way back from the command line, with a real daemon."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from selfd_models.patcher import calibrate, count
from selfd_models.training.state import save_patcher
from support.command import Command
from support.daemon import running_daemon
from support.hybrid import invent


@pytest.fixture(scope="module")
def selfd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("cli") / "data"
    with running_daemon(folder, SELFD_NIGHTS_WINDOW="01:00-06:00"):
        yield Command(folder)


def test_tonight_is_planned_and_says_what_each_step_is_for(selfd: Command) -> None:
    told = selfd.ok("nights", "--json").json
    assert told["nights"] == []
    names = [step["name"] for step in told["tonight"]["steps"]]
    assert names[0] == "consolidate"
    assert {"fine-tune", "evaluate", "assess", "back up"} <= set(names)
    shown = selfd.ok("nights").out
    assert "tonight " in shown
    assert "Teach the built-in model your own new words." in shown


def test_the_first_generation_is_what_ships_and_nothing_lies_before_it(selfd: Command) -> None:
    (root,) = selfd.ok("checkpoints", "--json").json
    assert (root["parent"], root["active"], root["reason"]) == (None, True, "ships with selfd")
    assert "checkpoint:1" in selfd.ok("checkpoints").out
    refused = selfd("rollback")
    assert "there is nothing to go back to" in refused.err
    again = selfd.ok("rollback", "checkpoint:1", "--json").json
    assert again["active"] is True
    missing = selfd("rollback", "checkpoint:9")
    assert "checkpoint:9" in missing.err


def test_a_picture_needs_something_to_draw(selfd: Command, tmp_path: Path) -> None:
    refused = selfd("checkpoints", "--plot", str(tmp_path / "a.png"))
    assert "no candidate was trained here" in refused.err


def test_training_wants_one_of_two_things(selfd: Command) -> None:
    refused = selfd("train")
    assert refused.status == 1
    assert "say --tonight, or --corpus DIR" in refused.err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--preset", "huge", "'tiny', 'nano', 'small', 'base', 'elara'"),
        ("--backend", "cuda", "'jax', 'mlx'"),
        ("--steps", "0", "greater than or equal to 1"),
    ],
)
def test_training_names_what_it_takes_in_one_line(
    selfd: Command, tmp_path: Path, option: str, value: str, said: str
) -> None:
    refused = selfd("train", "--corpus", str(tmp_path), option, value)
    assert (refused.status, refused.err.count("\n")) == (2, 1), refused.err
    assert said in refused.err


def test_training_from_nothing_is_not_tonight(selfd: Command, tmp_path: Path) -> None:
    assert "not both" in selfd("train", "--tonight", "--corpus", str(tmp_path)).err


@pytest.mark.mlx
def test_two_local_processes_train_together_from_a_hostfile(selfd: Command, tmp_path: Path) -> None:
    if not importlib.util.find_spec("mlx") or not (
        Path(sys.executable).with_name("mlx.launch").exists()
    ):
        pytest.skip("needs mlx.launch beside this Python")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "notes.txt").write_bytes(invent(100_000, seed=4).tobytes())
    state = tmp_path / "run"
    state.mkdir()
    text = invent(100_000, seed=1)  # a patcher of this is counted sooner than one of 24 MB
    save_patcher(state, calibrate(count(text), [text[:20_000]]))
    hosts = tmp_path / "hosts.json"
    hosts.write_text(json.dumps([{"ssh": "127.0.0.1", "ips": ["127.0.0.1"]}] * 2))
    selfd.ok(
        *("train", "--corpus", str(corpus), "--preset", "tiny", "--steps", "2"),
        *("--texts", "4", "--rows", "64"),
        *("--hosts", str(hosts), "--state", str(state)),
    )
    assert (state / "state-00000002.safetensors").exists()


def test_a_hostfile_that_is_not_there_is_said_so(selfd: Command, tmp_path: Path) -> None:
    refused = selfd("train", "--corpus", str(tmp_path), "--hosts", "nowhere.json")
    assert "nowhere.json" in refused.err or "needs mlx.launch" in refused.err
