"""How a process steps back behind everything else on the machine.

On Linux `nice` counts within a session's group alone (sched_autogroup), so a process that leads a
session gives the group the same value. On macOS the background class does as much, for the disk
too. What a system refuses is left as it is. It gives way, but is not starved: a machine that has
other work all night still lets it have a few hundredths.
"""

import contextlib
import os
import sys
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
_DARWIN_PROCESS, _DARWIN_BACKGROUND = 4, 0x1000  # sys/resource.h


def step_back(niceness: int) -> None:
    """Give way to all others; `niceness` 0 changes nothing."""
    if niceness == 0:
        return
    with contextlib.suppress(OSError):
        os.nice(niceness)
    with contextlib.suppress(OSError):
        if sys.platform == "darwin":
            os.setpriority(_DARWIN_PROCESS, 0, _DARWIN_BACKGROUND)
        elif os.getsid(0) == os.getpid():  # else the group is somebody else's, too
            AUTOGROUP.write_text(str(niceness), "ascii")
