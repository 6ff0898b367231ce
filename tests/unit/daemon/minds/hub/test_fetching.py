"""What is said where a model cannot be fetched."""

from __future__ import annotations

import pytest

from selfd_daemon.minds import MindError
from selfd_daemon.minds.hub.fetching import fetch
from selfd_daemon.minds.mlx.files import find_folder


def test_offline_nothing_is_fetched() -> None:
    with pytest.raises(MindError, match="selfd is offline") as caught:
        fetch("owner/name", offline=True)
    assert caught.value.code == "OFFLINE"


@pytest.mark.parametrize("name", ["name", "a/b/c", ""])
def test_what_is_no_name_on_the_hub_is_refused(name: str) -> None:
    with pytest.raises(MindError, match="is no name on the hub: write owner/name"):
        fetch(name, offline=False)


def test_a_name_that_the_hub_could_not_have_is_missing() -> None:
    pytest.importorskip("huggingface_hub", reason="needs mlx-lm")
    with pytest.raises(MindError, match="neither a folder nor a model that was fetched"):
        find_folder("owner/-- no such name --")
