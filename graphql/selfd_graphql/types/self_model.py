"""The self-model: identity, body, affect, capabilities, goals and attention, all measured."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Self, cast

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from selfd_graphql import described
from selfd_graphql.arguments import given
from selfd_graphql.context import Info, services
from selfd_graphql.ports import (
    AffectInfo,
    BodyInfo,
    CalibrationBinInfo,
    CapabilityInfo,
    IdentityInfo,
    SelfModelInfo,
)
from selfd_graphql.streams import mapped
from selfd_graphql.types.goals import Goal


@described.output
class Identity:
    """Who it is."""

    name: str
    born_at: datetime
    checkpoint: str = strawberry.field(description="The hash of the weights that serve.")
    lineage: list[str] = strawberry.field(description="Hashes from the first weights to today's.")
    values: list[str] = strawberry.field(description="The owner's words, as they are.")
    lineage_verified: bool = strawberry.field(
        description="Whether each generation's chain follows from its parent's and its own hash."
    )

    @classmethod
    def from_info(cls, info: IdentityInfo) -> Self:
        """Translate what the daemon measured."""
        return cls(
            name=info.name,
            born_at=info.born_at,
            checkpoint=info.checkpoint,
            lineage=list(info.lineage),
            values=list(info.values),
            lineage_verified=info.lineage_verified,
        )


@described.output
class Body:
    """The machine at one moment; null where it does not tell."""

    device: str
    backend: str
    cpu_load: float = strawberry.field(description="The mean of the last minute, over all cores.")
    resident_memory: int
    on_battery: bool | None
    thermal_pressure: str | None = strawberry.field(
        description="nominal, fair, serious or critical."
    )
    watts: float | None
    sampled_at: datetime
    memory_total: int
    memory_available: int
    disk_free: int
    battery_share: float | None
    low_power_mode: bool | None
    idle_seconds: float | None = strawberry.field(
        description="For how long nobody has used the machine."
    )
    network_up: bool | None

    @classmethod
    def from_info(cls, info: BodyInfo) -> Self:
        """Translate what the daemon measured."""
        return cls(
            device=info.device,
            backend=info.backend,
            cpu_load=info.cpu_load,
            resident_memory=info.resident_memory,
            on_battery=info.on_battery,
            thermal_pressure=info.thermal_pressure,
            watts=info.watts,
            sampled_at=info.sampled_at,
            memory_total=info.memory_total,
            memory_available=info.memory_available,
            disk_free=info.disk_free,
            battery_share=info.battery_share,
            low_power_mode=info.low_power_mode,
            idle_seconds=info.idle_seconds,
            network_up=info.network_up,
        )


@described.output
class Affect:
    """Appraisals of measured signals, each in [-1, 1] or [0, 1]; no claim of feeling is made."""

    valence: float
    arousal: float
    curiosity: float
    confidence: float
    fatigue: float
    inputs: JSON = strawberry.field(
        description="The measured signals that the five are functions of, by name."
    )

    @classmethod
    def from_info(cls, info: AffectInfo) -> Self:
        """Translate what the daemon measured."""
        return cls(
            valence=info.valence,
            arousal=info.arousal,
            curiosity=info.curiosity,
            confidence=info.confidence,
            fatigue=info.fatigue,
            inputs=cast(JSON, dict(info.inputs)),
        )


@described.output
class Capability:
    """One kind of task, and how it went."""

    name: str
    attempts: int = strawberry.field(description="Those that were judged, or ended by themselves.")
    successes: int
    low: float = strawberry.field(description="Wilson 95% interval.")
    high: float
    unjudged: int = strawberry.field(description="Attempts that nobody and nothing has judged.")
    trend: float | None = strawberry.field(
        description="Success of the newest twenty minus that of the twenty before; null with too "
        "few to tell."
    )

    @classmethod
    def from_info(cls, info: CapabilityInfo) -> Self:
        """Translate what the daemon measured."""
        return cls(
            name=info.name,
            attempts=info.attempts,
            successes=info.successes,
            low=info.low,
            high=info.high,
            unjudged=info.unjudged,
            trend=info.trend,
        )


@described.output
class CalibrationBin:
    """Judged answers whose confidence lay in one range: what was said, and what came true."""

    low: float
    high: float
    answers: int
    predicted: float = strawberry.field(description="Their mean confidence.")
    right: float = strawberry.field(description="How many of them were right.")

    @classmethod
    def from_info(cls, info: CalibrationBinInfo) -> Self:
        """Translate what the daemon measured."""
        return cls(
            low=info.low,
            high=info.high,
            answers=info.answers,
            predicted=info.predicted,
            right=info.right,
        )


@described.output
class SelfModel:
    """What selfd knows of itself, as it was from `asOf` on."""

    as_of: datetime
    identity: Identity
    body: Body
    affect: Affect
    capabilities: list[Capability]
    goals: list[Goal]
    attention: str | None = strawberry.field(description="What holds the workspace now.")
    calibration_error: float | None = strawberry.field(
        description="Expected calibration error of its confidence over its recent answers; null "
        "before there are any."
    )
    hash: str = strawberry.field(description="The content hash of the stored version.")
    calibration: list[CalibrationBin]
    counts: JSON = strawberry.field(description="How much of what it keeps and did, by name.")
    limits: list[str] = strawberry.field(description="What it cannot or may not do, in words.")
    unknown: list[str] = strawberry.field(description="What it does not know about itself.")

    @classmethod
    def from_info(cls, info: SelfModelInfo) -> Self:
        """Translate what the daemon measured."""
        return cls(
            as_of=info.as_of,
            identity=Identity.from_info(info.identity),
            body=Body.from_info(info.body),
            affect=Affect.from_info(info.affect),
            capabilities=[Capability.from_info(each) for each in info.capabilities],
            goals=[Goal.from_record(each) for each in info.goals],
            attention=info.attention,
            calibration_error=info.calibration_error,
            hash=info.hash,
            calibration=[CalibrationBin.from_info(each) for each in info.calibration],
            counts=cast(JSON, dict(info.counts)),
            limits=list(info.limits),
            unknown=list(info.unknown),
        )


@described.output
class SelfModelQuery:
    """What can be asked about selfd itself."""

    @described.field
    async def self_model(self, info: Info, as_of: datetime | None = UNSET) -> SelfModel:
        """What it knows of itself now, or knew at a moment."""
        return SelfModel.from_info(await services(info).self_model.model(given(as_of)))


@described.output
class SelfModelSubscription:
    """What can be followed about selfd itself."""

    @described.subscription
    async def self_model(self, info: Info) -> AsyncGenerator[SelfModel, None]:
        """The self-model whenever it changed; a slow reader gets the newest."""
        return mapped(services(info).self_model.models(), SelfModel.from_info)
