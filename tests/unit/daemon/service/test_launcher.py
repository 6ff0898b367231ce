"""The start script, run by the system's own shell."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from selfd_daemon.service.launcher import (
    refresh_script,
    remove_script,
    script_path,
    write_script,
)


def start(script: Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home or script.parent)}
    return subprocess.run(
        [str(script)], capture_output=True, text=True, check=False, env=environment
    )


def stand_in(path: Path) -> Path:
    """An executable that prints what it was called with; as a Python it imports anything."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('#!/bin/sh\n[ "$1" = -c ] && exit 0\nprintf "%s|" "$0" "$@"\numask\n')
    path.chmod(0o700)
    return path


@pytest.mark.parametrize("folder", ["data", "a b", 'quo"te', "dollar$HOME"])
def test_it_starts_selfd_from_the_environment_with_the_data_folder(
    tmp_path: Path, folder: str
) -> None:
    python = stand_in(tmp_path / folder / "venv" / "python")
    script = write_script(tmp_path / folder, python)
    done = start(script)
    assert done.stdout.split("|")[0] == str(python)
    assert done.stdout.split("|")[-2] == str(tmp_path / folder)
    assert done.stdout.split("|")[-1].strip() == "0077"


def test_it_finds_selfd_where_pipx_and_uv_put_it_when_the_environment_is_gone(
    tmp_path: Path,
) -> None:
    stand_in(tmp_path / ".local" / "bin" / "selfd")
    script = write_script(tmp_path / "data", tmp_path / "gone" / "python")
    assert "up|--service|--data-dir" in start(script, tmp_path).stdout


def test_it_goes_past_an_environment_that_selfd_was_removed_from(tmp_path: Path) -> None:
    python = stand_in(tmp_path / "venv" / "python")
    python.write_text("#!/bin/sh\nexit 1\n")
    stand_in(tmp_path / ".local" / "bin" / "selfd")
    assert "up|--service" in start(write_script(tmp_path / "data", python), tmp_path).stdout


@pytest.mark.skipif(
    shutil.which("selfd", path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin") is not None,
    reason="selfd is installed where the script looks",
)
def test_it_ends_cleanly_and_says_what_to_do_when_selfd_is_gone(tmp_path: Path) -> None:
    done = start(write_script(tmp_path, tmp_path / "gone" / "python"))
    assert done.returncode == 0
    assert "selfd service install" in done.stderr


def test_it_is_private_and_holds_no_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret-token")
    script = write_script(tmp_path)
    assert stat.S_IMODE(script.stat().st_mode) == 0o700
    assert "secret-token" not in script.read_text()


def test_it_is_written_anew_from_another_environment_alone(tmp_path: Path) -> None:
    assert not refresh_script(tmp_path)  # the service is not installed
    write_script(tmp_path)
    assert not refresh_script(tmp_path)
    write_script(tmp_path, tmp_path / "old" / "python")
    assert refresh_script(tmp_path)
    assert "old" not in script_path(tmp_path).read_text()


def test_removing_it_leaves_nothing(tmp_path: Path) -> None:
    write_script(tmp_path)
    remove_script(tmp_path)
    remove_script(tmp_path)
    assert list(tmp_path.iterdir()) == []
