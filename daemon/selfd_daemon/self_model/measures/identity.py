"""Who it is: name, birth, the owner's values, and the lineage of the weights that serve."""

from __future__ import annotations

import asyncio
import importlib.resources
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from selfd_daemon.clock import Now
from selfd_daemon.settings import IdentitySettings
from selfd_graphql.ports import IdentityInfo
from selfd_storage import CheckpointRecord, StorageError, Store
from selfd_storage.working.checkpoints import chained

BORN = "self.born"
NO_WEIGHTS = "none"
_MODELS = Path(str(importlib.resources.files("selfd_models")))
SHIPPED_WEIGHTS = _MODELS / "weights" / "nano.safetensors"


class Identity:
    """Reads what does not change often; the shipped weights' own hash is read once."""

    def __init__(self, store: Store, settings: IdentitySettings, weights: Path, *, now: Now):
        self._store = store
        self._settings = settings
        self._weights = weights
        self._now = now
        self._born: datetime | None = None
        self._root: str | None = None

    async def read(self) -> IdentityInfo:
        """Return who it is at this moment."""
        lineage, verified = ancestry(await self._store.checkpoints.all())
        if not lineage:
            lineage = (await self._shipped(),)
        return IdentityInfo(
            name=self._settings.name,
            born_at=await self.born(),
            checkpoint=lineage[-1],
            lineage=lineage,
            lineage_verified=verified,
            values=self._settings.values,
        )

    async def born(self) -> datetime:
        """Return when this data folder was first served, noting it the first time."""
        if self._born is None:
            known = await self._store.values.get(BORN)
            if known is None:
                known = self._now().isoformat(timespec="milliseconds")
                with suppress(StorageError):  # a full disk: noted at the next start
                    await self._store.values.set(BORN, known)
            self._born = datetime.fromisoformat(known)
        return self._born

    async def _shipped(self) -> str:
        if self._root is None:
            self._root = await asyncio.to_thread(weights_hash, self._weights)
        return self._root


def ancestry(checkpoints: Sequence[CheckpointRecord]) -> tuple[tuple[str, ...], bool]:
    """Return the hashes from the first weights to those that serve, and whether they add up.

    They do when each generation's chain follows from its parent's chain and its own hash.
    """
    by_id = {each.id: each for each in checkpoints}
    each = next((found for found in checkpoints if found.active), None)
    line: list[CheckpointRecord] = []
    while each is not None and each not in line:
        line.append(each)
        each = by_id.get(each.parent) if each.parent else None
    line.reverse()
    chain, verified = "", not line or line[0].parent is None
    for each in line:
        chain = chained(chain, each.hash)
        verified = verified and each.chain == chain
    return tuple(each.hash for each in line), verified


def weights_hash(path: Path) -> str:
    """Return the SHA-256 that a checkpoint's header gives of it, without reading the arrays."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        return str(header["__metadata__"]["sha256"])
    except (OSError, ValueError, KeyError):
        return NO_WEIGHTS
