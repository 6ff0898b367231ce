"""The workspace: what modules post competes, and the most salient is broadcast, now and then.

It follows Baars' global workspace (1988) as far as that can be measured: posts compete by salience,
one wins, the winner becomes what holds attention and an entry of the journal, and everybody may
hear of it. A kind that was broadcast a moment ago counts for little at first (habituation), what
loses fades, and there is a limit to how many are broadcast. docs/explanation/self-model.md has the
figures. Nothing is posted that is not in the log.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

import structlog

from selfd_daemon.bus import EventBus
from selfd_daemon.clock import Monotonic, Now
from selfd_daemon.self_model.posts import KINDS_HEARD, Post, post
from selfd_storage import EventRecord, NewThought, StorageError, Store, ThoughtRecord

GATHER_SECONDS = 3.0  # what happens together competes together
REST_SECONDS = 10.0  # between two broadcasts
BURST = 6  # broadcasts in a row; then
SECONDS_EACH = 120.0  # one in so many
HABITUATION_SECONDS = 60.0
FADING_SECONDS = 60.0  # in which a loser keeps 1/e of its salience
THRESHOLD = 0.15
HELD_SECONDS = 900.0  # how long the last winner holds the workspace
REPLAYED = 1000  # entries of the log that are made up for after a restart

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Waiting:
    post: Post
    since: float


class Competition:
    """Which post wins: pure arithmetic over posts and seconds, without a clock or a store."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._told: dict[str, float] = {}
        self._allowance = float(BURST)
        self._counted_at: float | None = None

    def __bool__(self) -> bool:
        """Tell whether something waits."""
        return bool(self._waiting)

    def enter(self, event: EventRecord, at: float) -> None:
        """Let an entry of the log compete, with those of its kind that wait already."""
        new = post(event)
        if new is None:
            return
        known = self._waiting.get(new.key)
        if known is None:
            self._waiting[new.key] = _Waiting(new, at)
        else:
            known.post.join(event)
            known.since = at

    def winner(self, at: float) -> tuple[Post, float] | None:
        """Take out the most salient post with its salience; drop what has faded away."""
        weighed = {key: self._salience(each, at) for key, each in self._waiting.items()}
        for key, salience in weighed.items():
            if salience < THRESHOLD:
                del self._waiting[key]
        best = max(self._waiting, key=lambda key: weighed[key], default=None)
        if best is None or not self._allowed(at):
            return None
        self._told[best] = at
        return self._waiting.pop(best).post, weighed[best]

    def _salience(self, each: _Waiting, at: float) -> float:
        fading = math.exp(-(at - each.since) / FADING_SECONDS)
        told = self._told.get(each.post.key)
        novelty = 1.0 if told is None else 1 - math.exp(-(at - told) / HABITUATION_SECONDS)
        return each.post.salience * fading * novelty

    def _allowed(self, at: float) -> bool:
        if self._counted_at is not None:
            earned = (at - self._counted_at) / SECONDS_EACH
            self._allowance = min(float(BURST), self._allowance + earned)
        self._counted_at = at
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


class Workspace:
    """Follows the log for as long as `run` does, and remembers what holds attention."""

    def __init__(
        self,
        store: Store,
        bus: EventBus,
        *,
        now: Now,
        monotonic: Monotonic,
        gather: float = GATHER_SECONDS,
        rest: float = REST_SECONDS,
    ) -> None:
        self._store = store
        self._bus = bus
        self._now = now
        self._monotonic = monotonic
        self._gather = gather
        self._rest = rest
        self._born = bus.latest
        self._heard = bus.latest
        self._competition = Competition()
        self._posted = asyncio.Event()
        self._last: ThoughtRecord | None = None

    def attention(self, at: datetime) -> ThoughtRecord | None:
        """Return what holds the workspace, None when the last winner is long gone."""
        if self._last is None or (at - self._last.at).total_seconds() > HELD_SECONDS:
            return None
        return self._last

    async def run(self) -> None:
        """Hear and broadcast until cancelled."""
        heard = await self._store.thoughts.heard()
        newest = (await self._store.thoughts.page(first=1)).items
        self._last = newest[0] if newest else None
        start = self._born if heard is None else max(heard, self._born - REPLAYED)
        hearing = asyncio.create_task(self._hear(start))
        try:
            while True:
                await self._posted.wait()
                await asyncio.sleep(self._gather)
                await self.broadcast()
                if not self._competition:
                    self._posted.clear()
                await asyncio.sleep(self._rest)
        finally:
            hearing.cancel()
            await asyncio.wait([hearing])

    async def broadcast(self) -> ThoughtRecord | None:
        """Let what waits compete once, and write the winner into the journal."""
        won = self._competition.winner(self._monotonic())
        if won is None:
            return None
        winner, salience = won
        new = NewThought(
            at=winner.at,
            source=winner.module,
            salience=round(salience, 3),
            first=winner.first,
            last=winner.last,
            text=winner.text,
            about=winner.about,
        )
        try:
            thought = await self._store.thoughts.add(new, heard=self._heard)
        except StorageError as error:  # such as a full disk; the log still has it
            log.warning("thought not noted", error=str(error))
            return None
        self._last = thought
        return thought

    def hear(self, events: Sequence[EventRecord]) -> None:
        """Let entries of the log compete."""
        for event in events:
            self._heard = max(self._heard, event.sequence)
            self._competition.enter(event, self._monotonic())
        if self._competition:
            self._posted.set()

    async def _hear(self, start: int) -> None:
        async with aclosing(self._bus.stream(kinds=KINDS_HEARD, after=start)) as events:
            async for event in events:
                self.hear([event])
