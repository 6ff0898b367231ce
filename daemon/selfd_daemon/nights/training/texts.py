"""The texts of a fine-tune: what is new, what was learned before, and a sample of the shipped text.

They are written down before a run begins, so that one that was interrupted goes on with the same.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from selfd_daemon.clock import Now
from selfd_daemon.jobs import NothingToDoError
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.nights.training.dataset import (
    DataSet,
    Passage,
    gather,
    write_expected,
    write_texts,
)
from selfd_storage import CheckpointRecord, JobKind, Store

PLAN = "plan.json"
NEW_SHARE, OWN_SHARE = 0.5, 0.1  # of what is read; the rest is the shipped sample
MOST_OWN = 200_000  # bytes of what was learned before


class Source(Protocol):
    """Gives what is to be learned of what came in after `since`."""

    async def __call__(
        self, *, since: datetime | None, until: datetime, articles: bool
    ) -> DataSet: ...


class Texts:
    """Chooses what the next run learns from, by what the generations before it have learned."""

    def __init__(
        self,
        store: Store,
        lineage: Lineage,
        *,
        now: Now,
        articles: bool,
        source: Source | None,
        origin: JobKind,
    ) -> None:
        self._store = store
        self._lineage = lineage
        self._now = now
        self._articles = articles
        self._source = source or partial(gather, store)
        self._origin = origin

    async def plan(self, folder: Path, backend: Callable[[], str]) -> dict[str, Any]:
        """Write the texts of a run down, unless a run that was interrupted did.

        backend: says what to train with, if anything can.
        """
        path = folder / PLAN
        if path.exists():
            known: dict[str, Any] = json.loads(await asyncio.to_thread(path.read_text, "utf-8"))
            return known
        shutil.rmtree(folder, ignore_errors=True)
        found = backend()
        parent = await self._lineage.active()
        known_all = await self._lineage.all()
        since = _read_until(known_all, self._origin)
        data = await self._source(since=since, until=self._now(), articles=self._articles)
        own = await self._learned_before(parent, known_all, data)
        shares = await asyncio.to_thread(_write, folder, data, own)
        plan = {
            "parent": parent.id,
            "backend": found,
            "shares": shares,
            "items": list(data.items),
            "hash": data.hash,
            "until": data.until.isoformat(),
            "bytes": data.size,
        }
        unfinished = path.with_suffix(".partial")
        await asyncio.to_thread(unfinished.write_text, json.dumps(plan), "utf-8")
        unfinished.replace(path)
        return plan

    async def _learned_before(
        self, parent: CheckpointRecord, known: Sequence[CheckpointRecord], data: DataSet
    ) -> list[Passage]:
        """Return some of what this lineage has learned from the owner on earlier nights."""
        since = _read_until(known, "FINETUNE")
        if since is None:
            return []
        served = set()
        at: CheckpointRecord | None = parent
        while at is not None:
            served.add(at.id)
            at = next((each for each in known if at is not None and each.id == at.parent), None)
        try:
            before = await gather(self._store, since=None, until=since, articles=self._articles)
        except NothingToDoError:
            return []
        own, size = [], 0
        for passage in reversed(before.learned):
            if size < MOST_OWN and await self._store.checkpoints.trained_on(passage.items) & served:
                own.append(passage)
                size += passage.size
        return own


def _read_until(known: Sequence[CheckpointRecord], origin: JobKind) -> datetime | None:
    """Return up to when text was learned from by such jobs, or found to make things worse."""
    made = [each for each in known if each.origin == origin and "until" in each.figures]
    moments = [datetime.fromisoformat(each.figures["until"]) for each in made]
    return max(moments, default=None)


def _write(folder: Path, data: DataSet, own: Sequence[Passage]) -> dict[str, float]:
    """Write new, own and shipped text side by side.   Returns: the share of each kind."""
    from selfd_models.training.data.replay import REPLAY, read_sample

    text = folder / "corpus-text"
    write_texts(text / "train_new.jsonl", [("new", each.text) for each in data.learned])
    write_expected(text / "new.expected.npy", data.learned)
    write_expected(folder / "held_out.expected.npy", data.held_out)
    if own:
        write_texts(text / "train_own.jsonl", [("own", each.text) for each in own])
    sample = [(str(each["group"]), str(each["text"])) for each in read_sample(REPLAY)]
    write_texts(text / "train_old.jsonl", sample)
    write_texts(folder / "new.jsonl", [("new", each.text) for each in data.held_out])
    kinds = sorted({kind for kind, _ in sample})
    own_share = OWN_SHARE if own else 0.0
    old = {kind: (1.0 - NEW_SHARE - own_share) / len(kinds) for kind in kinds}
    return {"new": NEW_SHARE, **({"own": own_share} if own else {}), **old}
