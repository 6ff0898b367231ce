"""Changing settings.toml by name: comments stay, and nothing that would not load gets in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from selfd_daemon.errors import SettingError
from selfd_daemon.settings import Settings
from selfd_daemon.settings.file import SettingsFile, parse

WRITTEN = """# mine
port = 7400  # where the proxy looks

[feeds]
# the printer has one
allow_private = ["printer.local"]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)
    return path


def _file(path: Path, **flags: object) -> SettingsFile:
    return SettingsFile(Settings.load({"data_dir": path.parent, **flags}))


def test_a_value_is_changed_and_all_else_stays_as_it_was(path: Path) -> None:
    changed = _file(path).change("feeds.keep_days", 30)
    assert (changed.value, changed.next_value) == (90, 30)
    assert path.read_text() == WRITTEN + "keep_days = 30\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_goes_back_to_the_default(path: Path) -> None:
    changed = _file(path).change("port", None)
    assert (changed.value, changed.next_value) == (7400, 7353)
    assert "port" not in path.read_text()


def test_a_first_setting_makes_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    file = SettingsFile(Settings.load({"data_dir": folder}))
    assert file.change("offline", True).next_value is True
    assert Settings.load({"data_dir": folder}).offline


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("port", 70_000, "port must be a whole number"),
        ("port", "high", "got 'high'$"),
        ("feeds.keep_dayz", 3, "there is no setting 'feeds.keep_dayz'"),
        ("feeds", {}, "there is no setting 'feeds'"),
        ("data_dir", "/elsewhere", "use --data-dir or SELFD_DATA_DIR"),
    ],
)
def test_what_would_not_load_is_refused_and_the_file_stays(
    path: Path, name: str, value: object, said: str
) -> None:
    with pytest.raises(SettingError, match=said):
        _file(path).change(name, value)
    assert path.read_text() == WRITTEN
    assert [each.name for each in path.parent.iterdir()] == ["settings.toml"]


def test_a_first_value_that_is_refused_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        SettingsFile(Settings.load({"data_dir": tmp_path})).change("port", -1)
    assert list(tmp_path.iterdir()) == []


def test_what_a_flag_or_the_environment_says_is_not_changed_in_vain(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELFD_OFFLINE", "true")
    file = _file(path, port=0)
    with pytest.raises(SettingError, match="port comes from a flag, which wins"):
        file.change("port", 1)
    with pytest.raises(SettingError, match="offline comes from the environment's SELFD_OFFLINE"):
        file.change("offline", False)


def test_a_file_that_was_broken_meanwhile_is_left_alone(path: Path) -> None:
    file = _file(path)
    path.write_text("port = = 1\n")
    with pytest.raises(SettingError, match="cannot change"):
        file.change("port", 1)
    assert path.read_text() == "port = = 1\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_told(path: Path) -> None:
    file = _file(path)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(SettingError, match="cannot write"):
            file.change("port", 1)
    finally:
        path.parent.chmod(0o700)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "7400", 7400),
        ("offline", "true", True),
        ("answering.threshold", "0.4", 0.4),
        ("feeds.allow_private", "a.local, b.local", ["a.local", "b.local"]),
        ("logs.level", "debug", "debug"),
    ],
)
def test_values_are_read_as_they_are_typed(path: Path, name: str, text: str, value: object) -> None:
    assert parse(text, _file(path).line(name)) == value


def test_a_word_for_a_number_is_refused(path: Path) -> None:
    with pytest.raises(SettingError, match="port must be a whole number; got 'many'"):
        parse("many", _file(path).line("port"))
