"""Every setting: its name, type, default, one sentence and check, in one table.

`a.b` is the file's `[a] b = ...`, the environment's `SELFD_A_B` and, where one makes sense, a flag.
A flag wins over the environment, that over settings.toml in the data folder, that over the default.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from selfd_daemon._setting_lines import SettingLine, explain, reference_page, setting_lines
from selfd_daemon.errors import SettingError
from selfd_daemon.paths import DataFolder, default_data_folder

Origin: TypeAlias = Literal["flag", "environment", "file", "default"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

PREFIX = "SELFD_"
PASSPHRASE = "SELFD_PASSPHRASE"  # read by commands that need one, and no setting
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
        default=0.43, ge=0, le=1, description="Answers with less confidence than this abstain."
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


class Settings(BaseSettings):
    """The whole table as a value, read once at start by `load` and handed down."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        enable_decoding=False,
        extra="forbid",
        frozen=True,
    )

    data_dir: AbsolutePath = Field(
        default_factory=default_data_folder,
        description="The folder that holds everything selfd keeps; not settable in the file.",
    )
    port: int = Field(
        default=7353, ge=0, le=65_535, description="The port on 127.0.0.1; 0 picks a free one."
    )
    offline: bool = Field(default=False, description="Open no connection to another machine.")
    memory: MemorySettings = MemorySettings()
    documents: DocumentSettings = DocumentSettings()
    feeds: FeedSettings = FeedSettings()
    answering: AnsweringSettings = AnsweringSettings()
    minds: MindSettings = MindSettings()
    backup: BackupSettings = BackupSettings()
    upkeep: UpkeepSettings = UpkeepSettings()
    nights: NightSettings = NightSettings()
    logs: LogSettings = LogSettings()
    events: EventSettings = EventSettings()
    disk: DiskSettings = DiskSettings()
    identity: IdentitySettings = IdentitySettings()
    menubar: MenubarSettings = MenubarSettings()

    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(cls, flags: Mapping[str, Any] | None = None) -> Settings:
        """Read flags, environment and file; a flag that is None was not given.

        Raises:
            SettingError: in one line, the setting, the value and the rule that it broke.
        """
        given = _nested({name: value for name, value in (flags or {}).items() if value is not None})
        environment = EnvSettingsSource(cls)()
        folder = given.get("data_dir") or environment.get("data_dir") or default_data_folder()
        file = _read_file(DataFolder(Path(folder).expanduser().absolute()).settings)
        origins: dict[str, Origin] = {}
        merged: dict[str, Any] = {}
        layers: tuple[tuple[Origin, Mapping[str, Any]], ...] = (
            ("file", file),
            ("environment", environment),
            ("flag", given),
        )
        for origin, layer in layers:
            for name, value in _leaves(layer):
                origins[name] = origin
                _put(merged, name, value)
        try:
            settings = cls(**merged)
        except ValidationError as error:
            raise explain(error, origins, cls.lines()) from error
        settings._origins = origins
        return settings

    @classmethod
    def lines(cls) -> tuple[SettingLine, ...]:
        """Return the table itself, one line per setting."""
        return setting_lines(cls)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keep only what is passed in: `load` reads the sources, so that it can tell them apart."""
        return (init_settings,)

    def origins(self) -> dict[str, Origin]:
        """Return where each setting's value came from."""
        return {line.name: self._origins.get(line.name, "default") for line in self.lines()}

    def value(self, name: str) -> Any:
        """Return one setting by its dotted name."""
        found: Any = self
        for part in name.split("."):
            found = getattr(found, part)
        return found

    @property
    def folder(self) -> DataFolder:
        """The data folder with the names in it."""
        return DataFolder(self.data_dir)


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names in the environment that look like settings and are none."""
    known = {PASSPHRASE, *(line.variable for line in Settings.lines())}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SettingError(f"cannot read {str(path)!r}: {reason}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{str(path)!r} is not valid TOML: {error}") from error
    if "data_dir" in content:
        raise SettingError(
            f"data_dir cannot be set in {str(path)!r}, which is found by it: "
            "use --data-dir or SELFD_DATA_DIR",
            name="data_dir",
        )
    return content


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        _put(nested, name, value)
    return nested


def _put(tree: dict[str, Any], name: str, value: Any) -> None:
    group, _, leaf = name.rpartition(".")
    if not group:
        tree[leaf] = value
        return
    branch = tree.get(group)
    if not isinstance(branch, dict):  # a later, whole group wins over a stray value
        branch = tree[group] = {}
    branch[leaf] = value


def _leaves(layer: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in layer.items():
        if isinstance(value, Mapping):
            for leaf, inner in value.items():
                yield f"{name}.{leaf}", inner
        else:
            yield name, value


if __name__ == "__main__":
    sys.stdout.write(reference_page(Settings.lines()))
