"""Builds what knows itself: the workspace, the journal, and the versioned self-model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from selfd_daemon.host.local import this_host
from selfd_daemon.minds import MindService
from selfd_daemon.self_model import SelfModelService
from selfd_daemon.self_model.assessment import Battery
from selfd_daemon.self_model.measures.body import Body
from selfd_daemon.self_model.measures.identity import SHIPPED_WEIGHTS, Identity
from selfd_daemon.self_model.measuring import Measuring
from selfd_daemon.self_model.workspace import Workspace
from selfd_daemon.system import SystemService
from selfd_daemon.wiring.foundation import Foundation
from selfd_daemon.wiring.keeping import BACKEND


def self_model(
    base: Foundation,
    minds: MindService,
    system: SystemService,
    weights: Callable[[], Path] = lambda: SHIPPED_WEIGHTS,
) -> SelfModelService:
    """Measure itself, tell in a journal what came to attention, and test what it says.

    Args:
        weights: where those lie that serve now.
    """
    store, settings = base.store, base.settings
    workspace = Workspace(store, base.bus, now=base.now, monotonic=base.monotonic)
    base.work("workspace", workspace.run)
    measuring = Measuring(
        store,
        base.jobs,
        minds,
        settings,
        body=Body(this_host(settings.data_dir), backend=BACKEND, now=base.now),
        identity=Identity(store, settings.identity, SHIPPED_WEIGHTS, now=base.now),
        workspace=workspace,
        problems=system.problems,
        now=base.now,
        monotonic=base.monotonic,
    )
    service = SelfModelService(
        store, base.bus, base.jobs, measuring, now=base.now, monotonic=base.monotonic
    )
    base.work("self-model", service.run)
    Battery(
        store,
        base.jobs,
        minds,
        settings,
        service.introspection,
        weights=weights,
        now=base.now,
        monotonic=base.monotonic,
    )
    return service
