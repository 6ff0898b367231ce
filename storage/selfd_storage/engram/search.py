"""Finding files by their codes, level by level, and showing the lines that hold the words.

The project's bundle tells how rare a word is, a folder's bounds what any file in it can score, so
the best folders are opened first and most never. What the codes propose is read and checked: a file
that has none of the words is not returned.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from selfd_storage.engram.blocks import Bundle, Held, bind, occurrences, slots_of
from selfd_storage.engram.terms import IN_PATH, is_text, word_codes, words_of

CANDIDATES = 50  # files whose words are read
MOST_LINES = 200  # of one file that one word is looked up in
MOST_SHOWN = 300  # characters of a line
COMMON = 0.25  # of the rarest word's rarity: a word below it tells nothing beside that one
SATURATION = 1.2  # BM25's k1 (Robertson & Zaragoza 2009)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that holds words of the query, and its best line; `line` 0: the path alone does."""

    path: str
    score: float
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class _Checked:
    """A file that was read, what it is worth, and its text; none where it is no text."""

    path: str
    score: float
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder as the search sees it."""

    path: str
    is_folder: bool
    held: Held


class Tree(Protocol):
    """What is searched."""

    def size(self) -> int: ...
    def counts(self) -> Bundle: ...
    def children(self, folder: str) -> Sequence[Entry]: ...
    def read(self, path: str) -> bytes | None: ...


def search(tree: Tree, query: str, first: int) -> list[Found]:
    """Return the `first` best files, best first, ties by path."""
    words = list(dict.fromkeys(words_of(query)))
    if not words or first < 1:
        return []
    words, rarity = _telling(tree, words)
    candidates = _best_first(tree, _scorer(words, rarity), max(CANDIDATES, first))
    weights = dict(zip(words, rarity.tolist(), strict=True))
    checked = (_check(tree, path, weights) for path in candidates)
    hits = (hit for hit in checked if hit.score > 0)
    best = heapq.nsmallest(first, hits, key=lambda hit: (-hit.score, hit.path))
    return [_shown(hit, weights) for hit in best]


def _telling(tree: Tree, words: Sequence[str]) -> tuple[list[str], NDArray[np.float64]]:
    """Return the words that tell something, and their inverse document frequencies.

    From the project's bundle. Beside a rare word that is there, a common one tells nothing.
    """
    codes, counts = word_codes(words), tree.counts()
    frequency = occurrences(counts, codes) + occurrences(counts, bind(codes, IN_PATH))
    rarity: NDArray[np.float64] = np.log1p(tree.size() / (1.0 + frequency))
    telling = rarity >= COMMON * rarity.max(initial=0.0, where=frequency > 0)
    return [word for word, tells in zip(words, telling, strict=True) if tells], rarity[telling]


def _scorer(
    words: Sequence[str], rarity: NDArray[np.float64]
) -> Callable[[Sequence[Entry]], list[float]]:
    """Return the scores of bundles: the rarity of each word that one may hold, doubled in paths."""
    plain = word_codes(words)
    codes = np.concatenate([plain, bind(plain, IN_PATH)])  # (2W, B)
    worth = np.concatenate([rarity, rarity])
    # By bytes of a block, as thousands of bundles have a few sizes: bytes, and bits of them.
    places: dict[int, tuple[NDArray[np.intp], NDArray[np.uint8]]] = {}

    def scores(entries: Sequence[Entry]) -> list[float]:
        alike: dict[int, list[int]] = {}
        for at, entry in enumerate(entries):
            alike.setdefault(entry.held.shape[1], []).append(at)
        found = np.zeros(len(entries))
        for size, group in alike.items():
            if size not in places:
                slots = slots_of(codes, size * 8)  # (2W, B)
                bits = np.left_shift(1, slots & 7).astype(np.uint8)
                places[size] = (slots >> 3) + np.arange(codes.shape[1]) * size, bits
            where, bits = places[size]
            held = np.stack([entries[at].held for at in group]).reshape(len(group), -1)
            is_held = (held.take(where, axis=1) & bits).all(axis=2)  # (n, 2W)
            found[group] = (is_held * worth).sum(axis=1)  # not @: equal bundles score the same
        return found.tolist()

    return scores


def _best_first(
    tree: Tree, scores: Callable[[Sequence[Entry]], list[float]], wanted: int
) -> list[str]:
    """Return the paths of the `wanted` best files by code: a folder's score bounds its files'."""
    queue = [(-math.inf, "", True)]
    best: list[str] = []
    while queue and len(best) < wanted:
        _, path, is_folder = heapq.heappop(queue)
        if not is_folder:
            best.append(path)
            continue
        entries = tree.children(path)
        for entry, value in zip(entries, scores(entries), strict=True):
            if value > 0:
                heapq.heappush(queue, (-value, entry.path, entry.is_folder))
    return best


def _check(tree: Tree, path: str, weights: dict[str, float]) -> _Checked:
    """Check what the codes proposed against the file itself."""
    score = sum(weights[word] for word in set(words_of(path)) & weights.keys())
    data = tree.read(path)
    if data is None or not is_text(data):
        return _Checked(path, score, "")
    text = data.decode("utf-8", errors="replace")
    lowered = text.lower()
    for word, weight in weights.items():
        times = lowered.count(word)
        score += weight * times / (times + SATURATION)
    return _Checked(path, score, text)


def _shown(hit: _Checked, weights: dict[str, float]) -> Found:
    line, shown = _best_line(hit.text, weights) or (0, hit.path)
    return Found(hit.path, hit.score, line, shown[:MOST_SHOWN])


def _best_line(text: str, weights: dict[str, float]) -> tuple[int, str] | None:
    """Return the first line that holds the rarest words, with its number from 1."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters grow when lowered, and positions would not fit
        text = lowered
    lines: dict[int, float] = {}  # by where the line starts
    for word, weight in weights.items():
        seen: set[int] = set()
        at = lowered.find(word)
        while at >= 0 and len(seen) < MOST_LINES:
            seen.add(lowered.rfind("\n", 0, at) + 1)
            end = lowered.find("\n", at)
            at = lowered.find(word, end) if end >= 0 else -1
        for start in seen:
            lines[start] = lines.get(start, 0.0) + weight
    if not lines:
        return None
    start = min(lines, key=lambda start: (-lines[start], start))
    return text.count("\n", 0, start) + 1, text[start : start + 2 * MOST_SHOWN].partition("\n")[
        0
    ].strip()
