"""Which articles tell of the same event: each new one joins the story that it fits, or begins one.

One pass, in the order of arrival: an article is compared with the few stories of the last days that
share its most telling terms, so that its cost does not grow with what is stored.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import nlargest, nsmallest
from math import log, sqrt

from selfd_daemon.knowledge.features import Features, Vector, resemblance

WINDOW = timedelta(hours=96)
NEAR = 0.20  # likeness of the same event at the same hour; docs/lab/0005 tells whence
DISTANCE = 0.04  # and what each day between an article and the story's latest one adds
MEANING = 0.1  # of a likeness in meaning, above that of news which have nothing to do with it
UNRELATED = 0.4
COPY = 0.5  # share of shingles from which on a text is a copy of another
CANDIDATES = 6
TELLING = 12  # terms of an article by which stories are looked up
CENTRE = 160  # terms that a story is known by
CROWD = 300  # stories, from which on a term that they share tells nothing
TELLINGS_SEEN = 48  # of a story, with whose wording and meaning a new text is compared
GROUPS = 4000  # that are kept to be joined
FADE_AFTER = 40_000  # articles, when the frequencies of their words are halved
COMMON = 1000.0  # articles that we pretend to have seen, so that the first ones are not all common

_NUMBERED = re.compile(r"\b([^\W\d_]{3,})\.? (\d{1,4})\b")
# Pages about many things or about none that happened; the guide of docs/lab/0015, rule 5.
_GUIDE = re.compile(
    r"\b(?:best|deals?|how to|what is|guide|picks|rankings?|tips|promos?|builds|sites|fantasy"
    r"|gifts?|everything (?:you need )?to know|round-?ups?|week in review|sportsbooks?|standings"
    r"|fixtures|schedules?)\b",
    re.IGNORECASE,
)
# One does this, another does that and a third does something else: the titles of a week in review.
_MANY_NEWS = re.compile(
    r"^(?:[A-Z][\w'’-]*\s)+[a-z]+s\b[^,:]*, (?:[A-Z][\w'’-]*\s)+[^,:]*[a-z]+s\b[^,:]*,?"
    r" and (?:[A-Z][\w'’-]*\s)+[^,:]*[a-z]+s\b"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An article as it is grouped; `number` is its row's."""

    number: int
    at: datetime
    title: str
    features: Features


@dataclass(slots=True, eq=False)
class Group:
    """The articles of one event that are near in time; `anchor` is the number of the last one."""

    anchor: int
    latest: datetime
    centre: Counter[str] = field(default_factory=Counter)
    numbered: set[tuple[str, str]] = field(default_factory=set)
    wordings: list[tuple[int, frozenset[int]]] = field(default_factory=list)
    meanings: list[Vector] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Placement:
    """The article that an article belongs with, and the one that it is a copy of; None: neither."""

    beside: int | None
    copy_of: int | None


class Grouping:
    """The groups of the last days, by their terms. One caller at a time."""

    def __init__(self) -> None:
        self._articles = 0
        self._frequency: Counter[str] = Counter()
        self._groups: set[Group] = set()
        self._by_term: defaultdict[str, set[Group]] = defaultdict(set)

    def place(self, arrival: Arrival) -> Placement:
        """Find the group of a new article, making one where none fits."""
        self._articles += 1
        self._frequency.update(arrival.features.terms.keys())
        weights = self._weighted(arrival.features.terms)
        group, copy_of = self._fitting(arrival, weights)
        beside = None if group is None else group.anchor
        self._join(group, arrival, copy_of)
        return Placement(beside, copy_of)

    def restore(self, arrival: Arrival, group: Group | None, copy_of: int | None) -> Group:
        """Put an article back where it was before a restart, and return its group."""
        self._articles += 1
        self._frequency.update(arrival.features.terms.keys())
        return self._join(group, arrival, copy_of)

    def prune(self) -> None:
        """Drop the oldest groups where there are too many, and let old words fade."""
        surplus = len(self._groups) - GROUPS
        for group in nsmallest(surplus, self._groups, key=lambda group: group.latest):
            self._groups.discard(group)
            for term in group.centre:
                self._unlink(term, group)
        if self._articles > FADE_AFTER:
            self._articles //= 2
            halved = {term: count // 2 for term, count in self._frequency.items() if count > 1}
            self._frequency = Counter(halved)

    def __len__(self) -> int:
        return len(self._groups)

    def _fitting(
        self, arrival: Arrival, weights: Mapping[str, float]
    ) -> tuple[Group | None, int | None]:
        best: tuple[float, Group] | None = None
        numbered = _numbered(arrival.title)
        for group in self._candidates(weights):
            apart = abs(arrival.at - group.latest)
            if apart > WINDOW:
                continue
            copy_of = _copied(arrival.features.sketch, group)
            if copy_of is not None:
                return group, copy_of
            if is_guide(arrival.title) or _contradicts(numbered, group.numbered):
                continue
            near = _cosine(weights, self._weighted(group.centre))
            near += MEANING * _meant(arrival.features.meaning, group.meanings)
            margin = near - NEAR - DISTANCE * (apart / timedelta(days=1))
            if margin >= 0 and (best is None or margin > best[0]):
                best = margin, group
        return (None, None) if best is None else (best[1], None)

    def _candidates(self, weights: Mapping[str, float]) -> Iterable[Group]:
        votes: defaultdict[Group, float] = defaultdict(float)
        for term in nlargest(TELLING, weights, key=weights.__getitem__):
            telling = self._by_term.get(term, ())
            if len(telling) > CROWD:
                continue
            for group in telling:
                votes[group] += weights[term]
        return nlargest(CANDIDATES, votes, key=votes.__getitem__)

    def _join(self, group: Group | None, arrival: Arrival, copy_of: int | None) -> Group:
        if group is None:
            group = Group(arrival.number, arrival.at)
            self._groups.add(group)
        group.anchor = arrival.number
        group.latest = max(group.latest, arrival.at)
        group.numbered |= _numbered(arrival.title)
        if copy_of is None:
            self._learn(group, arrival)
        return group

    def _learn(self, group: Group, arrival: Arrival) -> None:
        """Let a group be known by the words of an article, too."""
        if arrival.features.sketch and len(group.wordings) < TELLINGS_SEEN:
            group.wordings.append((arrival.number, arrival.features.sketch))
        if is_guide(arrival.title):
            return
        if arrival.features.meaning is not None and len(group.meanings) < TELLINGS_SEEN:
            group.meanings.append(arrival.features.meaning)
        group.centre.update(arrival.features.terms)
        if len(group.centre) > CENTRE:
            weights = self._weighted(group.centre)
            for term in nsmallest(len(weights) - CENTRE, weights, key=weights.__getitem__):
                self._unlink(term, group)
                del group.centre[term]
        for term in group.centre:
            self._by_term[term].add(group)

    def _unlink(self, term: str, group: Group) -> None:
        found = self._by_term.get(term)
        if found is not None:
            found.discard(group)
            if not found:
                del self._by_term[term]

    def _weighted(self, terms: Mapping[str, float]) -> dict[str, float]:
        return {term: weight * self._rarity(term) for term, weight in terms.items()}

    def _rarity(self, term: str) -> float:
        return log((self._articles + COMMON) / (self._frequency[term] + 0.5))


def is_guide(title: str) -> bool:
    """Tell advice, lists and round-ups from news: they tell of no event, or of too many."""
    return _GUIDE.search(title) is not None or _MANY_NEWS.match(title) is not None


def _copied(sketch: frozenset[int], group: Group) -> int | None:
    for number, known in group.wordings:
        if resemblance(sketch, known) >= COPY:
            return number
    return None


def _meant(meaning: Vector | None, known: Sequence[Vector]) -> float:
    """Return how much nearer in meaning the nearest telling is than unrelated news are."""
    if meaning is None or not known:
        return 0.0
    return max(float(meaning @ other) for other in known) - UNRELATED


def _numbered(title: str) -> set[tuple[str, str]]:
    """Return what a title counts, such as (game, 3): Game 2 is another event than Game 3."""
    return {(word.casefold(), number) for word, number in _NUMBERED.findall(title)}


def _contradicts(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> bool:
    shared = {word for word, _ in one} & {word for word, _ in other}
    return any(
        not ({number for w, number in one if w == word} & {n for w, n in other if w == word})
        for word in shared
    )


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    product = sum(weight * other.get(term, 0.0) for term, weight in one.items())
    length = sqrt(sum(x * x for x in one.values())) * sqrt(sum(x * x for x in other.values()))
    return product / length if length else 0.0
