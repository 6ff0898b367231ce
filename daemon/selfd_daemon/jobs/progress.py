"""Who follows which job: each follower gets the latest state of each job, never a backlog."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from selfd_storage import JobRecord

FINISHED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})


class ProgressBoard:
    """Hands each update to whoever follows; a slow follower skips to the newest one."""

    def __init__(self) -> None:
        self._followers: set[_Follower] = set()
        self._closed = False

    def post(self, record: JobRecord) -> None:
        """Tell the followers of this job, and those of all jobs, its newest state."""
        for follower in self._followers:
            follower.offer(record)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        for follower in self._followers:
            follower.wake.set()

    async def follow(self, first: JobRecord | None) -> AsyncGenerator[JobRecord, None]:
        """Give out `first` and what becomes of that job until it is finished; None follows all."""
        follower = _Follower(None if first is None else first.id)
        if first is not None:
            follower.offer(first)
        self._followers.add(follower)
        try:
            while not self._closed or follower.pending:
                await follower.wake.wait()
                follower.wake.clear()
                while follower.pending:
                    record = follower.pending.pop(next(iter(follower.pending)))
                    yield record
                    if first is not None and record.state in FINISHED:
                        return
                if self._closed:
                    return
        finally:
            self._followers.discard(follower)


class _Follower:
    def __init__(self, id: str | None) -> None:
        self._id = id
        self.pending: dict[str, JobRecord] = {}
        self.wake = asyncio.Event()

    def offer(self, record: JobRecord) -> None:
        if self._id in (None, record.id):
            self.pending[record.id] = record
            self.wake.set()
