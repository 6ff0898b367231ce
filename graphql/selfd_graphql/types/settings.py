"""Settings: what is in force, and what the next start will read."""

from __future__ import annotations

from typing import Self

import strawberry
from strawberry.scalars import JSON

from selfd_graphql import described
from selfd_graphql.context import Info, services
from selfd_graphql.ports import SettingInfo


@described.output
class Setting:
    """One setting. Settings are read once, at start."""

    name: str
    value: JSON = strawberry.field(description="The value in force.")
    next_value: JSON = strawberry.field(description="The value of the next start.")
    origin: str = strawberry.field(description="default, file, environment or flag.")
    type: str = strawberry.field(description="What it takes, and within which bounds, in words.")
    default: str
    description: str

    @classmethod
    def from_record(cls, setting: SettingInfo) -> Self:
        """Translate what the daemon knows of it."""
        return cls(
            name=setting.name,
            value=setting.value,
            next_value=setting.next_value,
            origin=setting.origin,
            type=setting.type,
            default=setting.default,
            description=setting.description,
        )


@described.output
class SettingQuery:
    """What can be asked about settings."""

    @described.field
    async def settings(self, info: Info) -> list[Setting]:
        """Every setting, with its value and where that came from."""
        return [Setting.from_record(each) for each in await services(info).system.settings()]


@described.output
class SettingMutation:
    """What can be done with settings."""

    @described.mutation
    async def change_setting(self, info: Info, name: str, value: JSON | None = None) -> Setting:
        """Write a value into settings.toml for the next start; null goes back to the default."""
        return Setting.from_record(await services(info).system.change_setting(name, value))
