"""Telling what a file or a folder of another program is."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from selfd_daemon.portability.lines import Part
from selfd_daemon.portability.sources import chatgpt, chroma, claude, mem0, notes, plain
from selfd_graphql.errors import ServiceError

_PROGRAMS: Sequence[
    tuple[
        Callable[[Any], Sequence[Any] | None],
        Callable[[str, Sequence[Any], int], Sequence[Part]],
    ]
] = tuple((program.entries, program.parts) for program in (chatgpt, claude, mem0, plain))
MOST_JSON = 1 << 30  # it is held in memory as a whole
_CONVERSATIONS = "conversations*.json"


def recognised(source: Path) -> Sequence[Part]:
    """Return what another program's export holds; nothing where it is none that is known.

    Raises:
        ServiceError: it is known, and cannot be read.
    """
    if source.is_dir():
        if (source / chroma.FILE).is_file():
            return chroma.parts(source / chroma.FILE)
        files = sorted(source.glob(_CONVERSATIONS))
        if files:
            return [part for file in files for part in _of_json(file.name, _read(file))]
        return notes.parts(source)
    if source.name == chroma.FILE:
        return chroma.parts(source)
    if source.suffix == ".zip":
        return _of_archive(source)
    if source.suffix == ".json":
        return _of_json(source.name, _read(source))
    return []


def _of_archive(source: Path) -> Sequence[Part]:
    try:
        with zipfile.ZipFile(source) as archive:
            found = [
                each for each in archive.infolist() if Path(each.filename).match(_CONVERSATIONS)
            ]
            for each in found:
                _check_size(f"{each.filename} in {source.name}", each.file_size)
            read = [(Path(each.filename).name, archive.read(each)) for each in found]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
        raise ServiceError(
            "INVALID_INPUT", f"{source.name!r} cannot be read as a ZIP archive: {error}"
        ) from error
    return [part for name, data in read for part in _of_json(name, data)]


def _of_json(name: str, data: bytes) -> Sequence[Part]:
    try:
        content: Any = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ServiceError("INVALID_INPUT", f"{name!r} is no JSON ({error})") from error
    for entries, parts in _PROGRAMS:
        found = entries(content)
        if found is not None:
            return parts(name, found, len(data))
    return []


def _read(file: Path) -> bytes:
    _check_size(file.name, file.stat().st_size)
    return file.read_bytes()


def _check_size(name: str, size: int) -> None:
    if size > MOST_JSON:
        raise ServiceError(
            "TOO_LARGE", f"{name} has {size:,} bytes, at most {MOST_JSON:,} are read"
        )
