"""A model fetched from a hub on loopback: whole, after drops, changed on the way, without room."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.minds import MindError
from selfd_daemon.minds.hub.fetching import fetch
from selfd_daemon.minds.hub.file import ATTEMPTS
from selfd_daemon.minds.mlx.files import find_folder, read_files
from support.hub import COMMIT, MODEL, Hub, running_hub
from support.serving import free_port

hub_client = pytest.importorskip("huggingface_hub", reason="needs mlx-lm")
pytest.importorskip("mlx_lm", reason="needs mlx-lm, which makes the model")
pytestmark = [
    pytest.mark.mlx,
    pytest.mark.filterwarnings("ignore:Not enough free disk space"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from support.mlx_models import make_model

    folder = make_model(tmp_path_factory.mktemp("model") / "tiny")
    (folder / "evil.py").write_text("raise SystemExit", "utf-8")
    return folder


@pytest.fixture
def hub(model: Path) -> Iterator[Hub]:
    with running_hub(model) as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "hub"
    monkeypatch.setattr(hub_client.constants, "HF_HUB_CACHE", str(folder))
    return folder


def pull(hub: Hub, model: str = MODEL, **how: Any) -> Path:
    return fetch(model, offline=False, endpoint=hub.url, pause=lambda _: None, **how)


def parts(cache: Path) -> list[int]:
    return [path.stat().st_size for path in cache.rglob("*.part")]


def test_a_model_comes_whole_without_its_programs_and_is_found_offline(
    hub: Hub, model: Path, cache: Path
) -> None:
    told: list[tuple[float, str]] = []
    folder = pull(hub, progress=lambda *it: told.append(it))
    assert folder.name == COMMIT
    names = {path.name for path in model.iterdir()} - {"evil.py"}
    assert {path.name for path in folder.iterdir()} == names
    assert all((folder / name).read_bytes() == (model / name).read_bytes() for name in names)
    assert read_files(find_folder(MODEL)).architecture == "llama"
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert any("model.safetensors, " in what and " of " in what for _, what in told)
    assert not parts(cache)


def test_what_is_here_is_not_fetched_again(hub: Hub, cache: Path) -> None:
    first = pull(hub)
    assert pull(hub) == first
    assert hub.ranges == [None]


def test_drops_are_gone_on_from_where_they_were(hub: Hub, model: Path, cache: Path) -> None:
    hub.drops = [10_000, 20_000]
    folder = pull(hub)
    assert hub.ranges == [None, "bytes=10000-", "bytes=30000-"]
    name = "model.safetensors"
    assert (folder / name).read_bytes() == (model / name).read_bytes()


def test_a_line_that_stays_dead_leaves_what_came_for_the_next_time(hub: Hub, cache: Path) -> None:
    hub.drops = [10_000] + [0] * ATTEMPTS
    with pytest.raises(MindError, match="pull again to go on from there") as caught:
        pull(hub)
    assert caught.value.code == "UNREACHABLE"
    assert parts(cache) == [10_000]
    pull(hub)
    assert hub.ranges[-1] == "bytes=10000-"


def test_what_was_changed_on_the_way_is_thrown_away(hub: Hub, cache: Path) -> None:
    hub.changed = True
    with pytest.raises(MindError, match="it was thrown away, pull again"):
        pull(hub)
    assert not parts(cache)
    with pytest.raises(
        MindError, match="was fetched only in part: selfd models pull owner/tiny goes on"
    ):
        find_folder(MODEL)
    hub.changed = False
    assert read_files(pull(hub)).architecture == "llama"


def test_a_model_that_is_not_there_and_a_hub_that_is_not_are_told_apart(
    hub: Hub, cache: Path
) -> None:
    with pytest.raises(MindError, match="there is no model 'owner/other' on the hub"):
        pull(hub, "owner/other")
    with pytest.raises(MindError, match="'owner/tiny' cannot be fetched: "):
        fetch(MODEL, offline=False, endpoint=f"http://127.0.0.1:{free_port()}")


@pytest.fixture
def small_disk(cache: Path) -> Iterator[Path]:
    """Mount a disk of 300 kB where models are kept."""
    cache.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(cache)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield cache
    subprocess.run(["umount", "--lazy", str(cache)], check=True)


def test_what_does_not_fit_is_refused_before_a_byte_is_fetched(hub: Hub, small_disk: Path) -> None:
    with pytest.raises(MindError, match=r"more, and .* are free in .*: make room"):
        pull(hub)
    assert not hub.ranges


def test_a_disk_that_fills_up_meanwhile_keeps_what_came(
    hub: Hub, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("selfd_daemon.minds.hub.fetching._refuse_full_disk", lambda *_: None)
    with pytest.raises(MindError, match=r"the disk is full after .* of model.safetensors"):
        pull(hub)
    assert parts(small_disk)[0] > 100_000
