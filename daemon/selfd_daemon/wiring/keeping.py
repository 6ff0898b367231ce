"""Builds what keeps the owner's data safe and movable, and tells the daemon's state."""

from __future__ import annotations

from selfd_daemon.backups import BackupService
from selfd_daemon.minds import MindService
from selfd_daemon.nights import Lineage
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.portability import PortabilityService
from selfd_daemon.settings.file import SettingsFile
from selfd_daemon.system import SystemService
from selfd_daemon.upkeep import UpkeepService
from selfd_daemon.wiring.foundation import Foundation

BACKEND = "numpy"


def portability(base: Foundation, lineage: Lineage, adapters: Adapters) -> PortabilityService:
    """Export into open formats, and import again."""
    return PortabilityService(
        base.store, base.jobs, lineage, adapters, base.settings.folder, now=base.now
    )


def upkeep(base: Foundation) -> UpkeepService:
    """Pack and check each night, and unlearn what was forgotten."""
    service = UpkeepService(base.store, base.jobs, base.settings.upkeep, now=base.now)
    base.work("upkeep", service.run)
    base.work("unlearning", service.unlearn)
    return service


def system(base: Foundation, minds: MindService, lineage: Lineage) -> SystemService:
    """Tell the state, and back up each night."""
    settings = base.settings
    backups = BackupService(base.store, base.jobs, settings.folder, settings.backup, now=base.now)
    base.work("backups", backups.run)
    return SystemService(
        base.store,
        base.jobs,
        minds,
        backups,
        SettingsFile(settings),
        version=base.version,
        backend=BACKEND,
        monotonic=base.monotonic,
        problems=lineage.problems,
    )
