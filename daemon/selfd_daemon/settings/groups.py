"""The groups of settings, each with the types, defaults, sentences and checks of its own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

_HOST = re.compile(  # a name or an address, with a port or without
    r"(?:https?://)?(?:[\w.-]+(?::\d{1,5})?|[\da-f]*:[\da-f:.]+|\[[\da-f:.]+\](?::\d{1,5})?)/?",
    re.IGNORECASE,
)


def _split_list(value: object) -> object:
    """Read `a, b` as two names; the file may also give a list."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _absolute(value: object) -> object:
    return Path(value).expanduser().absolute() if isinstance(value, str | Path) else value


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split_list)]
AbsolutePath: TypeAlias = Annotated[Path, BeforeValidator(_absolute)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MemorySettings(_Group):
    """What one memory may be."""

    max_text_bytes: int = Field(
        default=256 * 1024,
        ge=1,
        le=4 * 1024 * 1024,  # one request holds 8 MiB
        description="The longest text of one memory, in bytes of UTF-8.",
    )
    max_batch: int = Field(
        default=1000, ge=1, le=10_000, description="How many memories one rememberMany may hold."
    )


class DocumentSettings(_Group):
    """What ingest reads."""

    max_file_bytes: int = Field(
        default=20 * 1024 * 1024,
        ge=1,
        description="Larger files are skipped by ingest, and listed.",
    )
    max_text_bytes: int = Field(
        default=8 * 1024 * 1024,
        ge=1,
        description="Files that hold more text than this are skipped by ingest, and listed.",
    )
    timeout_seconds: float = Field(
        default=60.0, gt=0, description="How long the reading of one file may take."
    )


class FeedSettings(_Group):
    """How feeds are fetched."""

    allow_private: Names = Field(
        default=(),
        description="Hosts, or host:port, that may be fetched although their address is private"
        " or local.",
    )
    max_body_bytes: int = Field(
        default=10 * 1024 * 1024,
        ge=1024,
        description="The largest feed or page that is read, decompressed.",
    )
    timeout_seconds: float = Field(
        default=30.0, gt=0, le=600, description="How long one fetch may take from start to end."
    )
    concurrency: int = Field(
        default=8, ge=1, le=64, description="How many feeds are fetched at the same time."
    )
    min_interval_seconds: int = Field(
        default=300, ge=1, description="The shortest time between two polls of one feed."
    )
    max_interval_seconds: int = Field(
        default=86_400, ge=60, description="The longest time between two polls of one feed."
    )
    keep_days: int = Field(
        default=90,
        ge=1,
        le=36_500,
        description="After so many days, articles that were read and that no answer cites shrink"
        " to their claims.",
    )
    full_text: Names = Field(
        default=(),
        description="Hosts of feeds whose new articles are read from their pages; * is all.",
    )
    on_metered: bool = Field(
        default=False, description="Poll by itself where the network is metered, too."
    )

    @field_validator("allow_private")
    @classmethod
    def _are_hosts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST.fullmatch(name) for name in names):
            raise ValueError("a host, or host:port")
        return names


class AnsweringSettings(_Group):
    """How questions are answered."""

    threshold: float = Field(
        default=0.42, ge=0, le=1, description="Answers with less confidence than this abstain."
    )
    unsupported: Literal["drop", "mark"] = Field(
        default="drop",
        description="What becomes of a sentence of a model that no source backs.",
    )
    cache_hours: float = Field(
        default=24.0,
        ge=0,
        le=24 * 365,
        description="How long an answer may be given again while its sources stay; 0: never.",
    )


class MindSettings(_Group):
    """The models that answer."""

    allow_hosts: Names = Field(
        default=(),
        description="Other machines whose servers may be asked as minds; they read what you ask.",
    )


class BackupSettings(_Group):
    """Backups at night."""

    nightly: bool = Field(default=True, description="Write a backup every night.")
    hour: int = Field(
        default=3, ge=0, le=23, description="The hour of the nightly backup, by the clock here."
    )
    folder: str = Field(
        default="",
        description="Where nightly backups go; empty is backups/ in the data folder.",
    )
    keep_daily: int = Field(
        default=7, ge=1, description="For how many days the nightly backup is kept."
    )
    keep_weekly: int = Field(
        default=4, ge=0, description="For how many weeks one nightly backup is kept."
    )
    passphrase_file: str = Field(
        default="",
        description="A file of yours alone whose first line encrypts nightly backups; empty: none.",
    )


class UpkeepSettings(_Group):
    """Packing and checking what is stored, at night."""

    nightly: bool = Field(
        default=True, description="Pack what is new and check every row each night."
    )
    hour: int = Field(default=2, ge=0, le=23, description="The hour of it, by the clock here.")


class NightSettings(_Group):
    """What selfd does while its owner sleeps."""

    enabled: bool = Field(default=True, description="Learn and tidy up at night.")
    window: str = Field(
        default="01:00-06:00",
        pattern=r"^\d\d?:\d\d-\d\d?:\d\d$",
        description="The hours of the night, by the clock here; they may go over midnight.",
    )
    idle_minutes: float = Field(
        default=10.0, ge=0, description="A night begins once nobody has used the machine for this."
    )
    max_watt_hours: float = Field(
        default=60.0, gt=0, description="A night's training ends when it has used this much energy."
    )
    min_free_bytes: int = Field(
        default=5_000_000_000, ge=0, description="Training pauses with less free on the disk."
    )
    learn_articles: bool = Field(
        default=False,
        description="Learn from articles of feeds, too: strangers' words, which cannot be told "
        "apart later.",
    )
    steps: int = Field(
        default=400, ge=1, le=100_000, description="How many steps one fine-tune takes at most."
    )
    margin: float = Field(
        default=0.01,
        ge=0,
        description="How many bits per byte a candidate may lose on the fixed old text.",
    )


class LogSettings(_Group):
    """What is written to logs/ in the data folder."""

    level: LogLevel = Field(
        default="info", description="The least severe kind of line that is written."
    )
    max_bytes: int = Field(
        default=10 * 1024 * 1024,
        ge=64 * 1024,
        description="A log file larger than this is rotated.",
    )
    keep: int = Field(default=5, ge=1, le=100, description="How many rotated log files are kept.")


class EventSettings(_Group):
    """The durable event log."""

    keep: int = Field(
        default=100_000, ge=1000, description="How many of the newest events can be replayed."
    )


class DiskSettings(_Group):
    """Room on the disk of the data folder."""

    floor_bytes: int = Field(
        default=200_000_000, ge=0, description="With less free than this, selfd only reads."
    )


class IdentitySettings(_Group):
    """Who it is, in its owner's words."""

    name: str = Field(
        default="selfd", min_length=1, max_length=100, description="What it is called."
    )
    values: Names = Field(
        default=(), description="What it is to hold to, in your words; it reports them as they are."
    )


class MenubarSettings(_Group):
    """The menu bar, which is a process of its own."""

    notify: bool = Field(
        default=True, description="Tell of failed jobs and new problems as notifications."
    )
