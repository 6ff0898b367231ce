"""A metered network is known by what the system says of it, or as an iPhone's hotspot."""

from __future__ import annotations

import sys

import pytest

from selfd_daemon.host.network import is_metered


def at_home() -> list[str]:
    return ["127.0.0.1", "192.168.1.7"]


@pytest.mark.parametrize(
    ("printed", "metered"),
    [
        *(("u 1\n", True), ("u 3\n", True), ("u 2\n", False), ("u 4\n", False)),
        *(("u 0\n", None), ("", None)),
    ],
)
def test_what_networkmanager_says_counts_on_linux(
    printed: str, metered: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert is_metered(at_home, lambda _: printed) is metered


@pytest.mark.parametrize(
    ("printed", "metered"),
    [
        ("no (guessed)\n\nyes (guessed)\n\nunknown\n", True),
        ("unknown\n\nno\n", False),
        ("unknown\n", None),
        ("", None),
    ],
)
def test_nmcli_is_asked_where_busctl_is_not_there(
    printed: str, metered: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert is_metered(at_home, lambda tool: printed if tool[0] == "nmcli" else "") is metered


@pytest.mark.parametrize(("printed", "metered"), [("1\n", True), ("0\n", False), ("", None)])
def test_macos_tells_of_expensive_paths_and_of_low_data_mode(
    printed: str, metered: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert is_metered(at_home, lambda _: printed) is metered


def test_an_iphones_hotspot_is_metered_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "freebsd")
    assert is_metered(lambda: ["127.0.0.1", "172.20.10.3"]) is True
    assert is_metered(lambda: ["172.20.10.33"]) is None


def test_this_machine_can_be_asked() -> None:
    assert is_metered() in (True, False, None)
