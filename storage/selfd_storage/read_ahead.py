"""Having the system read a file before searches need it: in order, and not here and there.

A search reads some hundred pages wherever they lie. Where the system no longer has them in memory,
after a start or an idle hour, each is a wait for the disk; one pass in order takes a fraction of
that. What was read stays with the system, which may drop it at any time: it is none of our memory.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PIECE = 256 * 1024  # bytes of one read, the longest that closing waits for
SECONDS_TO_WAIT = 0.005
MOST = 512 * 1024 * 1024  # bytes at the file's end, where the newest are; a million take 150 MB


class ReadAhead:
    """A file to be read ahead of its use. Close it after all of SQLite's connections to the file.

    Before that it must stay open: closing one handle of a file gives up all locks that a process
    has on it (sqlite.org/howtocorrupt.html, section 2.2).
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY)
        if hasattr(os, "posix_fadvise"):  # pieces as they are asked for: Linux would read on
            os.posix_fadvise(self._handle, 0, 0, os.POSIX_FADV_RANDOM)

    def run(self, is_over: Callable[[], bool], is_busy: Callable[[], bool]) -> None:
        """Read the file, which may take seconds.

        What cannot be read is no error here: whoever needs it will be told.

        Args:
            is_over: asked before each piece.
            is_busy: tells that somebody waits for the disk, who goes first.
        """
        place = max(0, os.fstat(self._handle).st_size - MOST)
        with suppress(OSError):
            while not is_over():
                if is_busy():
                    time.sleep(SECONDS_TO_WAIT)
                elif piece := os.pread(self._handle, PIECE, place):
                    place += len(piece)
                else:
                    return

    def close(self) -> None:
        """Give the handle back."""
        os.close(self._handle)
