"""The wiring: everything is there, started and stopped in order, whatever was going on."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from selfd_daemon.jobs import JobContext
from selfd_daemon.settings import Settings
from selfd_daemon.wiring import Daemon, running
from selfd_graphql import ports
from selfd_storage import NewMemory, Store

pytestmark = pytest.mark.anyio


def _settings(folder: Path) -> Settings:
    return Settings.load({"data_dir": folder, "port": 0, "offline": True})


async def _kinds(folder: Path) -> list[str]:
    async with await Store.open(folder) as store:
        kinds = [event.kind for event in await store.events.page(after=0)]
    return [kind for kind in kinds if kind.startswith(("daemon.", "memory."))]


def _port_methods() -> list[tuple[str, str, set[str]]]:
    """Name every method of every port with its arguments."""
    found = []
    for name, member in vars(ports.Services).items():
        if isinstance(member, property) and member.fget is not None:
            port = getattr(ports, member.fget.__annotations__["return"])
            for method, function in vars(port).items():
                if not method.startswith("_"):
                    arguments = set(inspect.signature(function).parameters) - {"self"}
                    found.append((name, method, arguments))
    return found


async def test_every_method_of_every_port_is_there_with_its_arguments(tmp_path: Path) -> None:
    async with running(_settings(tmp_path), version="1.2.3") as daemon:
        wanted = _port_methods()
        assert len(wanted) > 30
        for name, method, arguments in wanted:
            implemented = inspect.signature(getattr(getattr(daemon, name), method))
            assert arguments <= set(implemented.parameters), f"{name}.{method}"


async def test_the_daemons_life_is_in_the_log(tmp_path: Path) -> None:
    async with running(_settings(tmp_path), version="1.2.3") as daemon:
        await daemon.memories.remember(NewMemory("the spare key is under the pot"))
    assert await _kinds(tmp_path) == ["daemon.started", "memory.added", "daemon.stopping"]


async def test_a_stop_ends_streams_and_puts_jobs_back(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def endless(job: JobContext) -> dict[str, object]:
        began.set()
        await asyncio.Event().wait()
        return {}

    async def read(daemon: Daemon) -> list[str]:
        return [event.kind async for event in daemon.events.stream()]

    async with running(_settings(tmp_path), version="1.2.3") as daemon:
        daemon.jobs.register("BENCHMARK", endless)
        reading = asyncio.create_task(read(daemon))
        started = await daemon.jobs.start("BENCHMARK", {})
        await began.wait()
    async with asyncio.timeout(20):
        assert (await reading)[:2] == ["job.queued", "job.running"]
    async with await Store.open(tmp_path) as store:
        (job,) = await store.jobs.get([started.id])
    assert job is not None
    assert job.state == "QUEUED"
