"""The manifest of an export: which files, how many lines, and their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from selfd_graphql.errors import ServiceError

NAME = "manifest.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export; `rows` is None where it has none to count."""

    bytes: int
    sha256: str
    rows: int | None


def write_manifest(folder: Path, rows: Mapping[str, int | None], *, at: datetime) -> None:
    """Write down what the export holds; it is complete when this file is there."""
    files = {name: asdict(_measure(folder / name, count)) for name, count in rows.items()}
    facts = {"format": FORMAT, "exportedAt": at.isoformat(), "files": files}
    (folder / NAME).write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))


def check_manifest(folder: Path) -> Mapping[str, ExportedFile]:
    """Return what an export holds, once every file is found to be as it was written.

    Raises:
        ServiceError: it is no export, a newer one, or files of it are missing or changed.
    """
    try:
        facts = orjson.loads((folder / NAME).read_bytes())
        files = {name: ExportedFile(**each) for name, each in facts["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ServiceError(
            "INVALID_INPUT",
            f"{str(folder)!r} is no export of selfd: there is no readable {NAME} in it",
        ) from error
    if facts.get("format") != FORMAT:
        raise ServiceError(
            "INVALID_INPUT",
            f"the export has format {facts.get('format')}, this selfd knows {FORMAT}: "
            "upgrade selfd",
        )
    changed = [name for name, each in files.items() if _differs(folder / name, each)]
    if changed:
        intact = [name for name in files if name not in changed]
        raise ServiceError(
            "INVALID_INPUT",
            f"{', '.join(changed)} is missing or not as it was exported, nothing was imported; "
            f"intact are {', '.join(intact) or 'no files'}: each .jsonl of memories and .opml can "
            "be imported alone",
        )
    return files


def _measure(path: Path, rows: int | None) -> ExportedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return ExportedFile(file.tell(), digest.hexdigest(), rows)


def _differs(path: Path, expected: ExportedFile) -> bool:
    return not path.is_file() or _measure(path, expected.rows) != expected
