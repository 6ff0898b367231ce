"""The data folder: made private, or refused with what to do."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from selfd_daemon.clock import utc_now
from selfd_daemon.errors import DataFolderError
from selfd_daemon.paths import DataFolder, unusable
from selfd_daemon.server.announcement import Announcement, announced
from selfd_daemon.server.lock import sole_daemon
from selfd_daemon.server.token import load_token


def test_it_is_made_with_its_parents_for_its_owner_alone(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "a" / "b")
    folder.prepare()
    folder.prepare()
    for path in (folder.root, folder.logs):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_one_that_others_could_enter_is_closed_to_them(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    tmp_path.chmod(0o755)
    folder.prepare()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataFolderError, match=r"cannot use .*: file exists; choose another with"):
        DataFolder(tmp_path / "file").prepare()
    with pytest.raises(DataFolderError, match=r"not a directory; choose another with --data-dir"):
        DataFolder(tmp_path / "file" / "below").prepare()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_one_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataFolderError, match="run chmod u"):
        DataFolder(tmp_path).prepare()


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left on device; free some space on that disk"),
        (errno.EROFS, "read-only file system; choose a folder on a disk that can be written to"),
        (errno.EACCES, "permission denied; run chmod u"),
        (errno.EIO, "input/output error; choose another with --data-dir"),
    ],
)
def test_each_reason_has_its_next_step(number: int, words: str) -> None:
    error = unusable(Path("/data"), OSError(number, os.strerror(number)))
    assert f"cannot use the data folder '/data': {words}" in str(error)


def test_a_folder_that_vanishes_while_we_start_is_refused_in_words(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    said = Announcement(1, "url", "graphql", "version", utc_now())
    with pytest.raises(DataFolderError, match="no such file or directory"):
        load_token(gone / "token")
    with pytest.raises(DataFolderError, match="no such"), sole_daemon(gone / "daemon.lock"):
        pass
    with pytest.raises(DataFolderError, match="no such"), announced(gone / "daemon.json", said):
        pass
