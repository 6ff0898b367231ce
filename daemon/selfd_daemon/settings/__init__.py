"""Every setting: its name, type, default, one sentence and check, in one table.

`a.b` is the file's `[a] b = ...`, the environment's `SELFD_A_B` and, where one makes sense, a flag.
A flag wins over the environment, that over settings.toml in the data folder, that over the default.
"""

from selfd_daemon.settings.groups import (
    AnsweringSettings,
    BackupSettings,
    DiskSettings,
    DocumentSettings,
    EventSettings,
    FeedSettings,
    IdentitySettings,
    LogSettings,
    MemorySettings,
    MenubarSettings,
    MindSettings,
    NightSettings,
    UpkeepSettings,
)
from selfd_daemon.settings.table import Origin, Settings, unknown_variables

__all__ = [
    "AnsweringSettings",
    "BackupSettings",
    "DiskSettings",
    "DocumentSettings",
    "EventSettings",
    "FeedSettings",
    "IdentitySettings",
    "LogSettings",
    "MemorySettings",
    "MenubarSettings",
    "MindSettings",
    "NightSettings",
    "Origin",
    "Settings",
    "UpkeepSettings",
    "unknown_variables",
]
