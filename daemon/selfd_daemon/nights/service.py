"""Nights as the API sees them: tonight's plan, past nights, the generations, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfd_daemon.bus import EventBus
from selfd_daemon.jobs import JobContext, JobRunner
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.nights.keeper import NightKeeper
from selfd_daemon.nights.training.finetune import FineTuner
from selfd_graphql.ports import PlannedStep, TonightInfo
from selfd_storage import CheckpointRecord, NightRecord, Store

_GONE = ("memory.forgotten", "document.removed", "conversation.removed")
_UNLEARNED = "nights.unlearned"  # the number of the last event that was seen to
_PAUSED = "nights.paused"


class NightService:
    """Implements `selfd_graphql.ports.NightPort`."""

    def __init__(
        self,
        store: Store,
        bus: EventBus,
        jobs: JobRunner,
        lineage: Lineage,
        adapters: Adapters,
        keeper: NightKeeper,
        tuner: FineTuner,
        distiller: FineTuner,
        *,
        enabled: bool,
    ) -> None:
        self._store = store
        self._bus = bus
        self._lineage = lineage
        self._adapters = adapters
        self._keeper = keeper
        self._tuner = tuner
        self._distiller = distiller
        self._enabled = enabled
        jobs.register("FINETUNE", tuner.run_job, check=tuner.backend)
        jobs.register("DISTILL", distiller.run_job, check=distiller.backend)
        jobs.register("EVALUATE", self._evaluate)

    async def checkpoints(self) -> Sequence[CheckpointRecord]:
        """Return every generation of the weights and of adapters, oldest first."""
        return await self._store.checkpoints.every()

    async def rollback(self, id: str) -> CheckpointRecord:
        """Let an earlier generation serve again, without a restart; an adapter's, too."""
        found = next((each for each in await self.checkpoints() if each.id == id), None)
        if found is not None and found.mind is not None:
            return await self._adapters.rollback(found)
        return await self._lineage.rollback(id)

    async def nights(self, first: int) -> Sequence[NightRecord]:
        """Return the newest nights, newest first."""
        return await self._store.nights.latest(first)

    async def tonight(self) -> TonightInfo:
        """Return what is planned for the night that is on, or comes next."""
        hours = self._keeper.hours()
        night = await self._store.nights.of_day(hours.day)
        done = {step.name: step for step in night.steps} if night else {}
        note, ended = self._keeper.note, night is not None and night.ended_at is not None
        # What the owner chose comes before what a running step last said.
        if self._keeper.paused or not (note or ended):
            note = await self._keeper.obstacle(beginning=True) or ""
        return TonightInfo(
            day=hours.day,
            starts_at=hours.start,
            ends_at=hours.end,
            enabled=self._enabled,
            paused=self._keeper.paused,
            note=note,
            watt_hours=night.watt_hours if night else 0.0,
            most_watt_hours=self._keeper.max_watt_hours,
            steps=[
                PlannedStep(
                    name=step.name,
                    sentence=step.sentence,
                    state=done[step.name].state if step.name in done else "PLANNED",
                    note=done[step.name].note if step.name in done else "",
                )
                for step in self._keeper.steps
            ],
        )

    async def begin_tonight(self) -> TonightInfo:
        """Begin the night now."""
        self._keeper.begin_now()
        return await self.tonight()

    async def pause(self, *, paused: bool) -> TonightInfo:
        """Pause what a night runs and begin none, or let nights go on; it holds over a restart."""
        await self._store.values.set(_PAUSED, paused)
        self._keeper.paused = paused
        self._keeper.wake()
        return await self.tonight()

    async def run(self) -> None:
        """See to every night, if nights are wanted at all."""
        self._keeper.paused = bool(await self._store.values.get(_PAUSED))
        await self._keeper.run(nightly=self._enabled)

    async def unlearn(self) -> None:
        """Take generations out of service that learned from what is forgotten, as it happens."""
        after = await self._store.values.get(_UNLEARNED)
        async for event in self._bus.stream(kinds=_GONE, after=after):
            items = [event.subject] if event.subject else []
            items += [f"chunk:{n}" for n in _numbers(event.payload.get("removed", []))]
            self._tuner.forget(items)
            self._distiller.forget(items)
            await self._lineage.forget(items)
            await self._adapters.forget(items)
            await self._store.values.set(_UNLEARNED, event.sequence)

    async def _evaluate(self, job: JobContext) -> Mapping[str, Any]:
        """Do an EVALUATE job: measure what serves on the fixed old text."""
        return await self._tuner.evaluate(job)


def _numbers(ranges: Sequence[Sequence[int]]) -> list[int]:
    return [number for first, last in ranges for number in range(first, last + 1)]
