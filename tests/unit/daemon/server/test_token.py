"""The token file: made private, refused when it was not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from selfd_daemon.errors import TokenFileError
from selfd_daemon.server.token import load_token, read_token


def test_a_token_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = load_token(path)
    assert load_token(path) == first
    assert len(first) >= 43  # 32 random bytes in base64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_two_folders_get_two_tokens(tmp_path: Path) -> None:
    assert load_token(tmp_path / "a") != load_token(tmp_path / "b")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604])
def test_a_token_that_others_can_reach_is_refused_with_the_command_that_helps(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "token"
    load_token(path)
    path.chmod(mode)
    with pytest.raises(TokenFileError, match=rf"mode {mode:04o}\): run chmod 600 '{path}'"):
        load_token(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    load_token(tmp_path / "real")
    (tmp_path / "token").symlink_to(tmp_path / "real")
    with pytest.raises(TokenFileError, match="symbolic link"):
        load_token(tmp_path / "token")


def test_an_empty_file_is_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").touch(mode=0o600)
    with pytest.raises(TokenFileError, match="holds no token"):
        load_token(tmp_path / "token")


def test_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_token(tmp_path / "token")
    assert list(tmp_path.iterdir()) == []
