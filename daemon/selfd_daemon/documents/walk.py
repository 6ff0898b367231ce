"""Which files of a folder are read: what .gitignore leaves, nothing hidden, no link, no loop."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

_JUNK = frozenset(("node_modules", "__pycache__", "__MACOSX"))
_IGNORE_FILE = ".gitignore"
_MAX_IGNORE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to read, or one to leave for a `reason`."""

    path: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Rules:
    """The patterns of one .gitignore, which hold for paths below its folder."""

    folder: str
    patterns: GitIgnoreSpec


class Walk:
    """One walk through a file or folder; iterating does the work and fills the counts.

    Attributes:
        ignored: entries left out by .gitignore, by being hidden, or as machine-made junk.
        unlisted: folders whose content could not be seen; nothing is known of what they hold.
    """

    def __init__(self, root: Path, *, excluded: Sequence[Path] = ()) -> None:
        """Take a resolved path; `excluded` folders are passed over, wherever they lie."""
        self.ignored = 0
        self.unlisted: list[str] = []
        self._root = root
        self._seen = {_identity(path.stat()) for path in excluded if path.is_dir()}

    def __iter__(self) -> Iterator[Entry]:
        if not self._root.is_dir():
            yield Entry(str(self._root))
            return
        yield from self._folder(str(self._root), _rules_above(self._root))

    def _folder(self, top: str, rules_above: tuple[_Rules, ...]) -> Iterator[Entry]:
        """Go through folders in order of their names, without recursion."""
        waiting = [(top, rules_above)]
        while waiting:
            folder, rules = waiting.pop()
            try:
                identity = _identity(Path(folder).stat())
                if identity in self._seen:
                    continue
                self._seen.add(identity)
                with os.scandir(folder) as scan:
                    entries = sorted(scan, key=lambda entry: entry.name)
            except OSError as error:
                self.unlisted.append(folder)
                yield Entry(
                    folder, f"folder not readable: {(error.strerror or str(error)).lower()}"
                )
                continue
            rules = (*rules, *_rules_in(folder))
            inner: list[tuple[str, tuple[_Rules, ...]]] = []
            for entry in entries:
                is_folder = entry.is_dir(follow_symlinks=False)
                if _is_ignored(entry.path, is_folder, rules):
                    self.ignored += 1
                elif is_folder:
                    inner.append((entry.path, rules))
                else:
                    yield _judged(entry)
            waiting.extend(reversed(inner))


def _judged(entry: os.DirEntry[str]) -> Entry:
    try:
        entry.path.encode()
        if entry.is_symlink():
            return Entry(entry.path, "a symbolic link; ingest what it points to by its own path")
        if not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            return Entry(entry.path, "not a regular file")
    except UnicodeEncodeError:
        shown = os.fsencode(entry.path).decode("utf-8", "backslashreplace")
        return Entry(shown, "its name is not UTF-8; rename it")
    except OSError as error:
        return Entry(entry.path, (error.strerror or str(error)).lower())
    return Entry(entry.path)


def _is_ignored(path: str, is_folder: bool, rules: Sequence[_Rules]) -> bool:
    """Ask the nearest .gitignore first; a farther one speaks only where it is silent."""
    name = path.rpartition(os.sep)[2]
    if name.startswith(".") or name in _JUNK:
        return True
    for rule in reversed(rules):
        inner = path[len(rule.folder.rstrip("/")) + 1 :] + ("/" if is_folder else "")
        verdict = rule.patterns.check_file(inner).include
        if verdict is not None:
            return verdict
    return False


def _rules_in(folder: str) -> tuple[_Rules, ...]:
    try:
        with Path(folder, _IGNORE_FILE).open("rb") as file:
            text = file.read(_MAX_IGNORE_BYTES).decode("utf-8", "replace")
        return (_Rules(folder, GitIgnoreSpec.from_lines(text.splitlines())),)
    except (OSError, ValueError):  # none, or none that git could read either
        return ()


def _rules_above(root: Path) -> tuple[_Rules, ...]:
    """Return the rules of the repository around `root`, unless they ignore `root` itself."""
    rules: list[_Rules] = []
    for folder in root.parents:
        rules = [*_rules_in(str(folder)), *rules]
        if (folder / ".git").exists():
            return (
                ()
                if (root / ".git").exists() or _is_ignored(str(root), True, rules)
                else tuple(rules)
            )
    return ()


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
