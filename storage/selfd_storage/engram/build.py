"""Making an engram of a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson

from selfd_storage.engram.archive import FORMAT, Engram, EngramInfo
from selfd_storage.engram.blocks import Codes, bundle
from selfd_storage.engram.catalog import Catalog, Changes, Description, write_catalog
from selfd_storage.engram.chunks import ChunkStore, train_dictionary
from selfd_storage.engram.files import folders_above, write_file
from selfd_storage.engram.log import Kind, Log
from selfd_storage.engram.terms import BLOCKS, slots_for
from selfd_storage.errors import EngramError

Progress = Callable[[int, int, str], None]  # files done, files in all, the path just done


def build(
    folder: Path,
    target: Path,
    *,
    name: str | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Progress | None = None,
) -> EngramInfo:
    """Write an engram of every regular file under `folder`; links are not followed.

    The file appears under its name when it is whole.

    Raises:
        EngramError: there is no such folder, or `target` is there already.
    """
    if not folder.is_dir():
        raise EngramError(f"{str(folder)!r} is no folder")
    if target.exists():
        raise EngramError(f"{str(target)!r} is there already: choose another name, or update it")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    log = Log.create(part)
    try:
        _Builder(log, folder).run(name or target.stem, now(), progress)
    except BaseException:
        log.close()
        part.unlink(missing_ok=True)
        raise
    log.close()
    part.replace(target)
    with Engram.open(target) as engram:
        return engram.info()


class _Builder:
    """One build: files in order of path, then the folders' bundles, then the catalog."""

    def __init__(self, log: Log, folder: Path) -> None:
        self._log = log
        self._folder = folder
        self._changes = Changes()
        self._chunks = ChunkStore(log, Catalog())
        self._terms: dict[str, list[Codes]] = {"": []}

    def run(self, name: str, at: datetime, progress: Progress | None) -> None:
        header = {"format": FORMAT, "name": name, "created_at": at.isoformat()}
        self._changes.header = self._log.append(Kind.HEADER, orjson.dumps(header))
        paths = list(_regular_files(self._folder))
        dictionary = train_dictionary(_samples(self._folder, paths))
        self._chunks.start(dictionary, self._changes)
        for done, path in enumerate(paths, 1):
            self._add(path)
            if progress:
                progress(done, len(paths), path)
        for path, terms in self._terms.items():
            self._add_folder(path, terms)
        self._chunks.end(dictionary, self._changes)
        catalog = Catalog()
        catalog.take_in(self._changes)
        write_catalog(self._log, catalog, self._changes)

    def _add(self, path: str) -> None:
        source = self._folder / path
        terms = write_file(self._log, self._chunks, self._changes, path, source)
        for folder in folders_above(path):
            self._terms.setdefault(folder, []).append(terms)

    def _add_folder(self, path: str, terms: list[Codes]) -> None:
        codes = np.concatenate(terms) if terms else np.zeros((0, BLOCKS), np.uint16)
        counts = bundle(codes, slots_for(len(np.unique(codes, axis=0))))
        meta = {"path": path, "files": len(terms)}
        payload = Description.of(meta, counts, is_folder=True).pack()
        self._changes.folders[path] = self._log.append(Kind.FOLDER, payload)


def _regular_files(folder: Path) -> Iterator[str]:
    """Yield the relative path of every regular file, in one order everywhere."""
    for above, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = Path(above) / file
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix()


def _samples(folder: Path, paths: Sequence[str]) -> Iterator[bytes]:
    """Yield files from all over the folder, to learn a dictionary from."""
    step = max(1, len(paths) // 2000)
    for path in paths[::step]:
        yield (folder / path).read_bytes()
