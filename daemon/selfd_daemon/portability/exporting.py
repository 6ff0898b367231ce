"""Writing an export: page by page out of the store, so that memory stays flat."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

import orjson

from selfd_daemon.feeds.parsing.opml import Subscription, write_opml
from selfd_daemon.jobs import JobContext
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.portability.manifest import write_manifest
from selfd_daemon.portability.markdown import PAGES
from selfd_daemon.portability.weights import export_weights
from selfd_storage import PortableKind, Store, portable_kinds

PAGE = 200
LONG_PAGE = 10  # of what may be many megabytes each
FEEDS = "feeds.opml"


async def export_to(
    store: Store,
    lineage: Lineage,
    adapters: Adapters,
    target: Path,
    settings: Path,
    job: JobContext,
    *,
    at: datetime,
) -> dict[str, Any]:
    """Write everything below a new folder; it gets its name when it is complete."""
    part = target.with_name(target.name + ".part")
    await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        rows: dict[str, int | None] = {}
        damaged = 0
        for place, kind in enumerate(portable_kinds()):
            await job.report(place / len(portable_kinds()), f"{kind} to {target}")
            damaged += await _export_kind(store, part, kind, rows, at)
        rows |= await export_weights(store, lineage, adapters, part)
        if settings.is_file():
            shutil.copyfile(settings, part / "settings.toml")
            rows["settings.toml"] = None
        await asyncio.to_thread(write_manifest, part, rows, at=at)
        part.replace(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    await job.report(1.0, f"written to {target}")
    found = {name.partition(".")[0]: count for name, count in rows.items() if count is not None}
    return {"path": str(target), **found, "damaged": damaged}


async def _export_kind(
    store: Store, part: Path, kind: PortableKind, rows: dict[str, int | None], at: datetime
) -> int:
    """Write the files of one kind; return how many rows could not be read."""
    if kind == "feeds":
        lines = [line for _, line in await store.portable.read(kind, 0, 2**31) if line]
        (part / FEEDS).write_text(write_opml(map(_subscription, lines), at), encoding="utf-8")
        rows[FEEDS] = len(lines)
        return 0
    after, damaged, count = 0, 0, 0
    limit = LONG_PAGE if kind in ("documents", "conversations") else PAGE
    with _Files(part, kind) as files:
        while page := await store.portable.read(kind, after, limit):
            after = page[-1][0]
            whole = [line for _, line in page if line is not None]
            damaged += len(page) - len(whole)
            count += len(whole)
            await asyncio.to_thread(files.add, whole)
    rows |= dict.fromkeys(files.names)
    rows[files.names[0]] = count
    return damaged


class _Files:
    """The lines of one kind, and their readable copy where there is one."""

    def __init__(self, folder: Path, kind: PortableKind) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._page = PAGES.get(kind)
        self.names = [f"{kind}.jsonl", *([f"{kind}.md"] if self._page else [])]
        self._files: list[TextIO] = []

    def __enter__(self) -> Self:
        for name in self.names:
            file = (self._folder / name).open("x", encoding="utf-8", newline="\n")
            self._files.append(self._stack.enter_context(file))
        if self._page:
            self._files[1].write(self._page[0])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def add(self, lines: Sequence[dict[str, Any]]) -> None:
        for line in lines:
            self._files[0].write(orjson.dumps(line).decode() + "\n")
            if self._page:
                self._files[1].write(self._page[1](line))


def _subscription(line: dict[str, Any]) -> Subscription:
    return Subscription(line["url"], line["title"], datetime.fromisoformat(line["addedAt"]))
