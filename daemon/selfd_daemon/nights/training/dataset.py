"""What a night learns from: the owner's own words, with a part held out by document and by time.

Everything is read from the store when a night begins, so what was forgotten is never in it.
Articles come from strangers and are left out unless the owner allows them: what a model has learned
from a stranger cannot be asked for its source. What selfd wrote itself is never learned.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfd_daemon.jobs import NothingToDoError
from selfd_storage import PortableKind, Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PAGE = 200
LEAST_TEXT = 12_000  # bytes to learn from: less moves nothing that can be measured
LEAST_HELD_OUT = 4_096
MOST_HELD_OUT = 64 * 1024  # more takes longer to measure than it adds
EVERY = 6  # one byte of so many is held out, half of them the newest
_OWN = ("memories", "documents", "conversations")


@dataclass(frozen=True, slots=True)
class Passage:
    """One document to learn from: a memory's day, a file, a conversation, an article.

    at: when it happened. told: when selfd heard of it. expected: what another mind expected of each
    byte, (size, 256), where one was asked.
    """

    group: str
    at: datetime
    told: datetime
    text: str
    items: tuple[str, ...]
    expected: NDArray[np.float16] | None = field(default=None, compare=False)

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.text.encode())


@dataclass(frozen=True, slots=True)
class DataSet:
    """Text to learn, text held out from it, and a hash over both."""

    learned: tuple[Passage, ...]
    held_out: tuple[Passage, ...]
    hash: str
    until: datetime

    @property
    def items(self) -> tuple[str, ...]:
        """The ids of everything that would be learned."""
        return tuple(dict.fromkeys(id for each in self.learned for id in each.items))

    @property
    def size(self) -> int:
        """The bytes to learn from."""
        return sum(each.size for each in self.learned)


async def gather(
    store: Store, *, since: datetime | None, until: datetime, articles: bool
) -> DataSet:
    """Read what came in after `since`.

    Raises:
        NothingToDoError: there is too little of it.
    """
    kinds: Sequence[PortableKind] = (*_OWN, "articles") if articles else _OWN  # type: ignore[assignment]  # each is one
    gathered: dict[str, list[Passage]] = {}
    for kind in kinds:
        async for passage in _passages(store, kind):
            if (since is None or passage.told > since) and passage.told <= until:
                gathered.setdefault(passage.group, []).append(passage)
    return checked(split([_joined(parts) for parts in gathered.values()], until))


def checked(found: DataSet) -> DataSet:
    """Return a set as it is.   Raises: NothingToDoError: there is too little in it."""
    held = sum(each.size for each in found.held_out)
    if found.size < LEAST_TEXT or held < LEAST_HELD_OUT:
        raise NothingToDoError(
            f"there are {(found.size + held) / 1e3:.1f} kB of new text: "
            f"a night needs some {(LEAST_TEXT + LEAST_HELD_OUT) / 1e3:.0f}"
        )
    return found


def split(passages: Sequence[Passage], until: datetime) -> DataSet:
    """Hold out whole documents: the newest ones, and of the others some by the hash of their names.

    The same documents give the same split, whatever the order in which they are read.
    """
    ordered = sorted(passages, key=lambda each: (each.at, each.group))
    total = sum(each.size for each in ordered)
    share = min(total // EVERY, MOST_HELD_OUT) // 2
    newest = _some_of(ordered[::-1], share)
    others = [each for each in ordered if each not in newest]
    by_name = _some_of(sorted(others, key=lambda each: _digest(each.group)), share)
    held_out = [each for each in ordered if each in newest or each in by_name]
    learned = [each for each in others if each not in by_name]
    return DataSet(tuple(learned), tuple(held_out), _hash(learned, held_out), until)


def _some_of(passages: Sequence[Passage], size: int) -> list[Passage]:
    """Return the first of them, up to a size or a little more."""
    chosen: list[Passage] = []
    for each in passages:
        if sum(one.size for one in chosen) >= size:
            break
        chosen.append(each)
    return chosen


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _hash(learned: Sequence[Passage], held_out: Sequence[Passage]) -> str:
    digest = hashlib.sha256()
    for part in (learned, held_out):
        for each in sorted(part, key=lambda each: (each.at, each.group)):
            digest.update(f"{each.group} {len(each.text)}\n{each.text}\n".encode())
        digest.update(b"\0")
    return digest.hexdigest()


async def _passages(store: Store, kind: PortableKind) -> AsyncIterator[Passage]:
    after = 0
    while rows := await store.portable.read(kind, after, PAGE):
        after = rows[-1][0]
        for _, line in rows:
            if line is not None and (passage := _READ[kind](line)) is not None:
                yield passage


def _memory(line: Mapping[str, Any]) -> Passage | None:
    if line["kind"] == "REFLECTION":
        return None
    happened, told = (datetime.fromisoformat(line[name]) for name in ("at", "recordedAt"))
    group = f"memories {line['source'] or ''} {line['at'][:10]}"
    return Passage(group, happened, told, line["text"], (line["id"],))


def _document(line: Mapping[str, Any]) -> Passage:
    text = "\n".join(chunk["text"] for chunk in line["chunks"])
    items = (line["id"], *(chunk["id"] for chunk in line["chunks"]))
    modified, told = (datetime.fromisoformat(line[name]) for name in ("modifiedAt", "ingestedAt"))
    return Passage(line["path"], modified, told, text, items)


def _conversation(line: Mapping[str, Any]) -> Passage | None:
    """Take what the owner said: questions, and corrections of answers."""
    said = [(each["at"], each["text"]) for each in line["messages"] if each["role"] == "user"]
    said += [
        (given["at"], given["correction"])
        for answer in line["answers"]
        for given in answer["feedback"]
        if given["correction"]
    ]
    if not said:
        return None
    text = "\n".join(words for _, words in sorted(said))
    last = datetime.fromisoformat(max(said)[0])
    return Passage(line["id"], last, last, text, (line["id"],))


def _article(line: Mapping[str, Any]) -> Passage | None:
    text = f"{line['title']}\n{line['text']}"
    fetched = datetime.fromisoformat(line["fetchedAt"])
    return Passage(line["id"], fetched, fetched, text, (line["id"],))


_READ = {
    "memories": _memory,
    "documents": _document,
    "conversations": _conversation,
    "articles": _article,
}


def _joined(parts: Sequence[Passage]) -> Passage:
    """Make one document of the memories of one source and day."""
    if len(parts) == 1:
        return parts[0]
    ordered = sorted(parts, key=lambda each: each.at)
    return Passage(
        group=parts[0].group,
        at=ordered[-1].at,
        told=max(each.told for each in parts),
        text="\n".join(each.text for each in ordered),
        items=tuple(id for each in ordered for id in each.items),
    )


def write_texts(path: Path, texts: Sequence[tuple[str, str]]) -> None:
    """Write (kind, text) as the lines that training reads, for the owner's eyes alone."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = (json.dumps({"group": kind, "text": text}, ensure_ascii=False) for kind, text in texts)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    path.chmod(0o600)


def write_expected(path: Path, passages: Sequence[Passage]) -> None:
    """Write what another mind expected of texts, end to end, if it was asked about all of them."""
    import numpy as np

    rows = [each.expected for each in passages if each.expected is not None]
    if rows and len(rows) == len(passages):
        np.save(path, np.concatenate(rows))
        path.chmod(0o600)
