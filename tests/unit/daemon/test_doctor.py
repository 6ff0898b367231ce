"""The doctor: each common fault, really made, is found and explained."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.doctor import Finding, diagnose
from selfd_daemon.server.announcement import Announcement, announced
from selfd_daemon.server.lock import sole_daemon
from selfd_daemon.server.token import load_token
from selfd_daemon.settings import Settings
from selfd_models import checkpoint
from selfd_storage import NewMemory, PollOutcome, Store
from support.hybrid import no_kernels


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "selfd"
    asyncio.run(_fill(folder))
    load_token(folder / "token")
    return Settings.load({"data_dir": folder, "port": 0})


async def _fill(folder: Path) -> None:
    async with await Store.open(folder) as store:
        for number in range(200):
            await store.memories.add(NewMemory(f"memory number {number} " + "x" * 200))


def _found(settings: Settings, name: str) -> Finding:
    (finding,) = [found for found in diagnose(settings, environment={}) if found.name == name]
    return finding


def test_a_sound_folder_has_no_fault(settings: Settings) -> None:
    findings = diagnose(settings, environment={})
    assert [found.name for found in findings if not found.ok] == []
    assert len({found.name for found in findings}) == len(findings) == 17


def test_a_folder_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    settings = Settings.load({"data_dir": tmp_path / "new", "port": 0})
    assert [found.name for found in diagnose(settings, environment={}) if not found.ok] == []
    assert not (tmp_path / "new").exists()


def test_a_token_that_others_can_read_is_found(settings: Settings) -> None:
    settings.folder.token.chmod(0o644)
    finding = _found(settings, "token")
    assert not finding.ok
    assert "can be read by others (mode 0644)" in finding.what
    assert finding.next_step is not None
    assert finding.next_step.startswith("run chmod 600")


def test_a_folder_that_others_can_enter_is_found(settings: Settings) -> None:
    settings.data_dir.chmod(0o755)
    finding = _found(settings, "data folder")
    assert finding.next_step == f"run chmod 700 {str(settings.data_dir)!r}"


def test_a_port_in_use_is_found(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        finding = _found(Settings.load({"data_dir": settings.data_dir, "port": port}), "port")
        assert not finding.ok
        assert finding.what == f"{port} is used by another program"
    assert _found(Settings.load({"data_dir": settings.data_dir, "port": port}), "port").ok


def test_our_own_daemon_on_the_port_is_no_fault(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        said = Announcement(os.getpid(), url, f"{url}/graphql", "0", datetime.now(UTC))
        ours_at = Settings.load({"data_dir": settings.data_dir, "port": port})
        with sole_daemon(settings.folder.lock), announced(settings.folder.announcement, said):
            assert _found(ours_at, "port") == Finding("port", True, f"{port} is ours")
            assert _found(ours_at, "daemon").what == f"process {os.getpid()} serves {url}"


def test_a_daemon_that_died_is_noticed(settings: Settings) -> None:
    said = '{"pid": 1, "url": "u", "graphql": "g", "version": "0", "startedAt": "2026-01-01"}'
    settings.folder.announcement.write_text(said)
    assert "did not end by itself" in _found(settings, "daemon").what


def test_a_clock_that_is_behind_is_found(settings: Settings) -> None:
    tomorrow_next_week = time.time() + 8 * 86_400
    os.utime(settings.data_dir / "selfd.db", (tomorrow_next_week, tomorrow_next_week))
    finding = _found(settings, "clock")
    assert not finding.ok
    assert "8.0 days behind" in finding.what


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"x" * 4096]
)
def test_garbage_in_place_of_the_database_is_found(settings: Settings, content: bytes) -> None:
    (settings.data_dir / "selfd.db").write_bytes(content)
    finding = _found(settings, "database")
    assert not finding.ok
    assert finding.next_step
    assert (settings.data_dir / "selfd.db").read_bytes() == content


def test_a_damaged_page_is_found(settings: Settings) -> None:
    path = settings.data_dir / "selfd.db"
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content) - 4096, 4096):
        content[page : page + 8] = b"\xff" * 8
    path.write_bytes(content)
    finding = _found(settings, "database")
    assert not finding.ok
    assert finding.next_step


def test_a_disk_below_the_floor_is_found(settings: Settings) -> None:
    floor = {"data_dir": settings.data_dir, "disk.floor_bytes": 10**18}
    finding = _found(Settings.load(floor), "disk")
    assert not finding.ok
    assert "selfd only reads below" in finding.what


def test_a_misspelt_variable_is_pointed_out(settings: Settings) -> None:
    findings = {found.name: found for found in diagnose(settings, environment={"SELFD_PROT": "1"})}
    assert findings["settings"].what == "SELFD_PROT in the environment is no setting"


def test_a_feed_that_fails_is_named_with_its_reason(settings: Settings) -> None:
    async def follow() -> None:
        async with await Store.open(settings.data_dir) as store:
            await store.feeds.add(url="https://example.org/good.xml", title="")
            feed = await store.feeds.add(url="https://example.org/gone.xml", title="")
            outcome = PollOutcome(
                at=datetime(2026, 1, 1, tzinfo=UTC),
                next_poll_at=datetime(2026, 1, 2, tzinfo=UTC),
                error="status 500",
            )
            await store.feeds.record_poll(feed.id, outcome, [])

    asyncio.run(follow())
    finding = _found(settings, "feeds")
    assert finding.ok
    assert finding.what == "1 of 2 failed: https://example.org/gone.xml: status 500"
    assert finding.next_step == "selfd feeds list"


def test_the_built_in_models_match_their_hashes(settings: Settings) -> None:
    assert "nano" in _found(settings, "built-in models").what


def test_a_changed_model_is_a_fault(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = bytearray(checkpoint.SHIPPED.read_bytes())
    changed[-100] ^= 1
    (tmp_path / "nano.safetensors").write_bytes(changed)
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path / "nano.safetensors")
    finding = _found(settings, "built-in models")
    assert not finding.ok
    assert "was changed after it was written" in finding.what
    assert finding.next_step is not None


def test_too_little_memory_is_a_fault(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfd_daemon.doctor.machine.LEAST_MEMORY", 10**15)
    finding = _found(settings, "memory")
    assert not finding.ok
    assert finding.next_step is not None
    assert finding.next_step.startswith("close some programs")


def test_kernels_that_were_not_built_are_advised(settings: Settings, tmp_path: Path) -> None:
    with no_kernels(tmp_path):
        finding = _found(settings, "compiled kernels")
    assert finding.ok
    assert finding.next_step is not None
    assert "C compiler" in finding.next_step
    assert (_found(settings, "compiled kernels").next_step is None) == bool(shutil.which("cc"))
