"""Settings: which place wins, and what a wrong value is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from selfd_daemon.errors import SettingError
from selfd_daemon.settings import Settings, unknown_variables
from selfd_daemon.settings.lines import SettingLine, reference_page

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _no_settings_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for line in Settings.lines():
        monkeypatch.delenv(line.variable, raising=False)


def test_a_flag_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text(
        "port = 1000\noffline = true\n[feeds]\nconcurrency = 2\ntimeout_seconds = 9\n"
    )
    monkeypatch.setenv("SELFD_PORT", "2000")
    monkeypatch.setenv("SELFD_FEEDS_CONCURRENCY", "3")
    settings = Settings.load({"data_dir": tmp_path, "port": 3000, "offline": None})
    assert (settings.port, settings.offline) == (3000, True)
    assert (settings.feeds.concurrency, settings.feeds.timeout_seconds) == (3, 9.0)
    origins = settings.origins()
    assert origins["port"] == "flag"
    assert origins["feeds.concurrency"] == "environment"
    assert origins["offline"] == origins["feeds.timeout_seconds"] == "file"
    assert origins["logs.level"] == "default"


def test_the_data_folder_in_the_environment_says_where_the_file_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text("port = 1000\n")
    monkeypatch.setenv("SELFD_DATA_DIR", str(tmp_path))
    settings = Settings.load()
    assert (settings.data_dir, settings.port) == (tmp_path, 1000)


def test_names_may_come_as_text_by_commas_or_as_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text('[feeds]\nallow_private = ["nas", "printer"]\n')
    assert Settings.load({"data_dir": tmp_path}).feeds.allow_private == ("nas", "printer")
    monkeypatch.setenv("SELFD_FEEDS_ALLOW_PRIVATE", "127.0.0.1, localhost")
    assert Settings.load({"data_dir": tmp_path}).feeds.allow_private == ("127.0.0.1", "localhost")
    monkeypatch.setenv(
        "SELFD_FEEDS_ALLOW_PRIVATE", "nas.local:8000, [::1]:80, fd00::7, http://nas/"
    )
    assert len(Settings.load({"data_dir": tmp_path}).feeds.allow_private) == 4


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        (
            "SELFD_PORT",
            "99999",
            "port must be a whole number, at least 0, at most 65535; got '99999'",
        ),
        ("SELFD_OFFLINE", "maybe", "offline must be true or false; got 'maybe' from the environ"),
        ("SELFD_LOGS_LEVEL", "loud", "logs.level must be one of debug, info, warning, error; got"),
        (
            "SELFD_FEEDS_CONCURENCY",
            "3",
            "there is no setting 'feeds.concurency': did you mean 'feeds.c",
        ),
        (
            "SELFD_FEEDS_TIMEOUT_SECONDS",
            "nan",
            "feeds.timeout_seconds must be a number, more than 0",
        ),
        ("SELFD_FEEDS_ALLOW_PRIVATE", '["nas.local"]', "feeds.allow_private must be"),
    ],
)
def test_a_wrong_value_is_one_line_with_the_setting_the_value_and_the_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingError) as caught:
        Settings.load({"data_dir": tmp_path})
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"port = [", "is not valid TOML"),
        (b"port = '\xff'", "is not valid TOML"),
        (b"data_dir = '/elsewhere'", "data_dir cannot be set in"),
        (b"prot = 7353", "there is no setting 'prot': did you mean 'port'"),
        (b"feeds = 3", "there is no setting 'feeds'"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "settings.toml").write_bytes(content)
    with pytest.raises(SettingError, match=words):
        Settings.load({"data_dir": tmp_path})


def test_settings_cannot_be_changed_after_the_start(tmp_path: Path) -> None:
    settings = Settings.load({"data_dir": tmp_path})
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


def test_a_variable_that_is_no_setting_is_found() -> None:
    environ = {"SELFD_PORT": "1", "SELFD_PROT": "2", "HOME": "/"}
    assert unknown_variables(environ) == ["SELFD_PROT"]


@pytest.mark.parametrize("line", Settings.lines(), ids=lambda line: line.name)
def test_each_setting_has_a_sentence_and_a_value(line: SettingLine, tmp_path: Path) -> None:
    assert line.sentence.endswith(".")
    assert Settings.load({"data_dir": tmp_path}).value(line.name) is not None


def test_the_reference_page_is_what_the_table_says() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    assert page == reference_page(Settings.lines()), (
        "run: python -m selfd_daemon.settings > docs/reference/settings.md"
    )
