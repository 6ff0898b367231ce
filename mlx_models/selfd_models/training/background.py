"""How a process steps back behind everything else on the machine.

On Linux `nice` counts within a session's group alone (sched_autogroup), so the group's own value
goes down as well, and SCHED_IDLE gives way at once where a control group holds all. On macOS the
background class does the same, for the disk too. What a system refuses is left as it is.
"""

import contextlib
import os
import sys
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
LEAST = 19
_DARWIN_PROCESS, _DARWIN_BACKGROUND = 4, 0x1000  # sys/resource.h


def step_back(niceness: int) -> None:
    """Give way to all others; `niceness` 0 changes nothing."""
    if niceness == 0:
        return
    with contextlib.suppress(OSError):
        os.nice(niceness)
    if sys.platform == "darwin":
        with contextlib.suppress(OSError):
            os.setpriority(_DARWIN_PROCESS, 0, _DARWIN_BACKGROUND)
    elif hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        if os.getsid(0) == os.getpid():  # else the group is somebody else's, too
            with contextlib.suppress(OSError):
                AUTOGROUP.write_text(str(LEAST), "ascii")
