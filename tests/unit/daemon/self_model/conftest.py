"""A self-model over a real store that nobody runs: a test looks and broadcasts by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from selfd_daemon.bus import EventBus
from selfd_daemon.jobs import JobRunner
from selfd_daemon.self_model.measures.body import Body
from selfd_daemon.self_model.measures.identity import Identity
from selfd_daemon.self_model.measuring import Measuring
from selfd_daemon.self_model.service import SelfModelService
from selfd_daemon.self_model.workspace import Workspace
from selfd_daemon.settings import Settings
from selfd_storage import RoomLimits, Store
from support.fakes.minds import Minds
from support.self_model import Clocks, Machine, Self
from support.storage import ANY_ROOM


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
async def made(
    request: pytest.FixtureRequest, tmp_path: Path, clocks: Clocks
) -> AsyncIterator[Self]:
    """Give it on a disk with any room, or with as much as a test says."""
    limits: RoomLimits = getattr(request, "param", ANY_ROOM)
    settings = Settings.load(
        {"data_dir": tmp_path, "offline": True, "identity.values": "be plain, waste nothing"}
    )
    await (await Store.open(tmp_path, now=clocks.now, limits=ANY_ROOM)).close()  # a first start
    async with await Store.open(tmp_path, now=clocks.now, limits=limits) as store:
        bus = EventBus(store)
        await bus.start()
        jobs = JobRunner(store, now=clocks.now, monotonic=clocks.monotonic)
        workspace = Workspace(store, bus, now=clocks.now, monotonic=clocks.monotonic)
        machine, problems = Machine(), list[str]()
        measuring = Measuring(
            store,
            jobs,
            Minds(),
            settings,
            body=Body(machine, backend="numpy", now=clocks.now),
            identity=Identity(store, settings.identity, tmp_path / "none", now=clocks.now),
            workspace=workspace,
            problems=lambda: problems,
            now=clocks.now,
            monotonic=clocks.monotonic,
        )
        service = SelfModelService(
            store, bus, jobs, measuring, now=clocks.now, monotonic=clocks.monotonic
        )
        yield Self(
            store, bus, jobs, machine, clocks, workspace, measuring, service, settings, problems
        )
        await jobs.stop()
