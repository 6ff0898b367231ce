"""The table of settings, read from flags, environment and file in this order of weight."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from pydantic import Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from selfd_daemon.errors import SettingError
from selfd_daemon.paths import DataFolder, default_data_folder
from selfd_daemon.settings.groups import (
    AbsolutePath,
    AnsweringSettings,
    BackupSettings,
    DiskSettings,
    DocumentSettings,
    EventSettings,
    FeedSettings,
    IdentitySettings,
    LogSettings,
    MemorySettings,
    MenubarSettings,
    MindSettings,
    NightSettings,
    UpkeepSettings,
)
from selfd_daemon.settings.lines import SettingLine, explain, setting_lines

Origin: TypeAlias = Literal["flag", "environment", "file", "default"]

PREFIX = "SELFD_"
PASSPHRASE = "SELFD_PASSPHRASE"  # read by commands that need one, and no setting


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
