"""The measuring of the machine that this runs on."""

from __future__ import annotations

import sys
from pathlib import Path

from selfd_daemon.host.state import Host


def this_host(data_folder: Path) -> Host:
    """Return the measuring of this machine; `disk_free` is that of the data folder's disk."""
    if sys.platform == "darwin":
        from selfd_daemon.host.macos import MacHost

        return MacHost(data_folder)
    from selfd_daemon.host.linux import LinuxHost

    return LinuxHost(data_folder)
