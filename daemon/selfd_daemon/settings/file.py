"""Changing `settings.toml` by name: what would not load again is refused, comments stay."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from selfd_daemon.errors import SettingError
from selfd_daemon.settings import Origin, Settings
from selfd_daemon.settings.lines import SettingLine

NOT_IN_THE_FILE = "data_dir"


@dataclass(frozen=True, slots=True)
class SettingValue:
    """One setting: the value in force, and the one of the next start where they differ."""

    line: SettingLine
    value: Any
    origin: Origin
    next_value: Any


class SettingsFile:
    """The settings that a daemon started with, and the file that the next start reads.

    Args:
        settings: as they were loaded.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._path = settings.folder.settings

    def table(self) -> list[SettingValue]:
        """Return every setting.

        Raises:
            SettingError: the file cannot be read any more, or holds what is no setting.
        """
        now, origins = self._settings, self._settings.origins()
        later = self._loaded()
        return [
            SettingValue(
                line,
                plain(now.value(line.name)),
                origins[line.name],
                plain(later.value(line.name)),
            )
            for line in Settings.lines()
        ]

    def change(self, name: str, value: object) -> SettingValue:
        """Write a value into the file for the next start; None removes it, back to the default.

        Raises:
            SettingError: there is no such setting, the value breaks its rule, or a flag or the
                environment wins over the file.
        """
        line = self.line(name)
        origin = self._settings.origins()[name]
        if origin in ("environment", "flag"):
            where = f"the environment's {line.variable}" if origin == "environment" else "a flag"
            raise SettingError(f"{name} comes from {where}, which wins over the file", name=name)
        before = self._read()
        document = tomlkit.parse(before or "")
        group, _, leaf = name.rpartition(".")
        table: Any = document
        if group:
            table = document.setdefault(group, tomlkit.table())
        if value is None:
            table.pop(leaf, None)
        else:
            table[leaf] = value
        self._write(tomlkit.dumps(document))
        try:
            self._loaded()
        except SettingError as error:
            self._write(before)
            if error.name != name:
                raise
            said = str(error).removesuffix(" from the file")  # where it never was
            raise SettingError(said, name=name) from error
        return next(each for each in self.table() if each.line.name == name)

    def line(self, name: str) -> SettingLine:
        """Return the table's line of a setting that the file may hold.

        Raises:
            SettingError: there is none.
        """
        lines = {line.name: line for line in Settings.lines()}
        if name == NOT_IN_THE_FILE:
            raise SettingError(
                f"{name} cannot be set in the file, which is found by it: "
                "use --data-dir or SELFD_DATA_DIR",
                name=name,
            )
        if name not in lines:
            raise SettingError(
                f"there is no setting {name!r}: selfd settings lists them all", name=name
            )
        return lines[name]

    def _loaded(self) -> Settings:
        """Load as the next start will, with the same flags."""
        now, origins = self._settings, self._settings.origins()
        flags = {name: now.value(name) for name, origin in origins.items() if origin == "flag"}
        return Settings.load({**flags, "data_dir": now.data_dir})

    def _read(self) -> str | None:
        try:
            text = self._path.read_text(encoding="utf-8")
            tomlkit.parse(text)
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError, TOMLKitError) as error:
            raise SettingError(f"cannot change {str(self._path)!r}: {error}") from error
        return text

    def _write(self, text: str | None) -> None:
        """Put the file in place whole; None takes it away."""
        if text is None:
            self._path.unlink(missing_ok=True)
            return
        partial = self._path.with_name(self._path.name + ".part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_private(partial, text)
            partial.replace(self._path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise SettingError(f"cannot write {str(self._path)!r}: {error.strerror}") from error


def _write_private(path: Path, text: str) -> None:
    handle = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def parse(text: str, line: SettingLine) -> object:
    """Read a value that was written on a command line, as TOML or as plain text.

    Raises:
        SettingError: it is not what the setting's type asks for.
    """
    if line.type.startswith(("text", "one of", "a path")):
        return text
    if line.type.startswith("names"):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        found: Mapping[str, Any] = tomlkit.parse(f"value = {text}").unwrap()
    except TOMLKitError as error:
        raise SettingError(f"{line.name} must be {line.type}; got {text!r}") from error
    return found["value"]


def plain(value: object) -> object:
    """Return a setting's value as JSON can hold it."""
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value
