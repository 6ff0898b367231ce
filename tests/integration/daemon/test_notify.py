"""sd_notify against a real datagram socket, as systemd opens one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

import pytest

from selfd_daemon.server.notify import ServiceManager


def test_states_arrive_as_datagrams(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(10)
        manager = ServiceManager({"NOTIFY_SOCKET": path})
        manager.tell("READY=1")
        manager.tell("STOPPING=1")
        assert [systemd.recv(100), systemd.recv(100)] == [b"READY=1", b"STOPPING=1"]


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_a_leading_at_sign_is_an_abstract_socket(tmp_path: Path) -> None:
    name = f"selfd-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name}")
        systemd.settimeout(10)
        ServiceManager({"NOTIFY_SOCKET": f"@{name}"}).tell("READY=1")
        assert systemd.recv(100) == b"READY=1"


@pytest.mark.anyio
async def test_the_watchdog_is_patted_again_and_again(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.setblocking(False)
        manager = ServiceManager({"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000"})
        patting = asyncio.create_task(manager.keep_alive())
        async with asyncio.timeout(10):
            loop = asyncio.get_running_loop()
            got = [await loop.sock_recv(systemd, 100) for _ in range(3)]
        patting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await patting
        assert got == [b"WATCHDOG=1"] * 3


@pytest.mark.anyio
async def test_without_systemd_nothing_is_sent_and_nothing_waits(tmp_path: Path) -> None:
    manager = ServiceManager({})
    manager.tell("READY=1")
    async with asyncio.timeout(10):
        await manager.keep_alive()
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")
