"""Room on the disk: writes stop before it is full, and a ballast keeps the last deletion possible.

On a disk without a free byte even a deletion fails, because the write-ahead log must grow first. So
a small file of noise lies beside the database, to be given up for a write that frees space.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from selfd_storage.errors import StoreFullError

MEGABYTE = 1_000_000
TO_OPEN = 500_000  # bytes that SQLite may take for the logs of the files that it opens


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """`floor` bytes stay free for everybody else; `ballast` bytes lie ready to be given up."""

    floor: int = 200 * MEGABYTE
    ballast: int = 1 * MEGABYTE


class Room:
    """The free space around one folder."""

    def __init__(self, folder: Path, limits: RoomLimits) -> None:
        self._folder = folder
        self._limits = limits
        self._ballast = folder / "ballast"

    @property
    def free(self) -> int:
        """Bytes that this process may still take."""
        return shutil.disk_usage(self._folder).free

    @property
    def spare(self) -> int:
        """Bytes that may be taken for a while without coming near the floor."""
        return self.free - self._limits.floor

    @property
    def is_short(self) -> bool:
        """Tell whether writes that need room must wait."""
        return self.free < self._limits.floor

    def require(self) -> None:
        """Refuse when the disk is almost full."""
        free = self.free
        if free < self._limits.floor:
            raise StoreFullError(
                f"{free // MEGABYTE} MB are free on the disk of {str(self._folder)!r}, "
                f"selfd writes from {self._limits.floor // MEGABYTE} MB on: free some space; "
                "reading goes on and nothing was lost"
            )

    def give_up_ballast(self) -> bool:
        """Free the ballast for one more write; False when it was gone already."""
        try:
            self._ballast.unlink()
        except OSError:
            return False
        return True

    def make_way(self) -> None:
        """Give up the ballast where a file could not even be opened for reading without it."""
        if self.free < TO_OPEN:
            self.give_up_ballast()

    def keep_ballast(self) -> None:
        """Lay the ballast down again if there is room; noise, so that no filesystem shrinks it."""
        if self._ballast.exists() or self.free < self._limits.floor + self._limits.ballast:
            return
        try:
            with self._ballast.open("xb") as file:
                file.write(os.urandom(self._limits.ballast))
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self._ballast.unlink(missing_ok=True)
