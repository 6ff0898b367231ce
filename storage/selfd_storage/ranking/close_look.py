"""A close look at what a search found, for questions that several texts answer together.

A search weighs each text against the whole question. A question that needs several texts is
answered by none of them as a whole: one text tells one part of it, and another is known only by a
name that the first one gives. So the best that a search found is looked at again, by parts of the
question, by titles, and along the names in the best texts, and put into a new order. Turns of a
dialogue and pieces of a file are left as they are: what stands beside them speaks for them, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfd_storage._sqlite import sqlite3
from selfd_storage.codes.columns import Codes
from selfd_storage.embedding import TextEmbedder
from selfd_storage.language.lexicon import telling_terms
from selfd_storage.ranking.fusion import K1, MOMENT, Ranked, View
from selfd_storage.ranking.held_terms import AskedTerms, Floats, HeldTerms
from selfd_storage.ranking.names import (
    MOST_NAMES,
    Name,
    beginning,
    documents_of,
    names_of,
    rarity,
)
from selfd_storage.ranking.weights import CLOSE, FULL, NEIGHBOURS
from selfd_storage.words.columns import Docs, Flags

LOOKED_AT = 200  # texts, the best of a search
POOL = 60  # of them that are kept, the best by what they say themselves
LINKED = 40  # further texts, along names
ROOTS = 5  # texts whose names are followed
PART_WORDS, PART_STEP = 8, 4  # parts of a question whose meanings are compared
LONGEST_TITLE = 100  # characters of a first line that may be a title


class PartMeanings:
    """How near documents are to the parts of a question, by the codes of the embedder in use."""

    def __init__(self, codes: Codes, embedder: TextEmbedder, question: str) -> None:
        """Embed the parts.

        Raises:
            EmbeddingError: the weights cannot be read.
        """
        self._codes = codes
        self._vectors = embedder.embed(parts_of(question))  # (P, D)

    def nearest(self, docs: Docs) -> Floats:
        """Return how near each document is to the part that it is nearest to, 0 to 1, (N,).

        Of a document that has no code yet this is what it is of the others on average.
        """
        near = np.zeros(len(docs))
        known = self._codes.holds(docs)
        if known.any():
            cosines = self._codes.restored(docs[known]) @ self._vectors.T  # (n, P)
            near[known] = np.maximum(cosines.max(axis=1), 0)
            near[~known] = near[known].mean()
        return near


def parts_of(question: str) -> list[str]:
    """Return overlapping parts of a long question, the whole of a short one."""
    words = question.split()
    if len(words) <= PART_WORDS + 2:
        return [question]
    starts = range(0, len(words) - PART_WORDS // 2, PART_STEP)
    return [" ".join(words[start : start + PART_WORDS]) for start in starts]


@dataclass(frozen=True, slots=True)
class Seen:
    """Documents as a close look sees them: one row each of `features`, by the names in CLOSE."""

    docs: Docs
    held: HeldTerms
    features: Mapping[str, Floats]

    @property
    def scores(self) -> Floats:
        """What speaks for each document, (N,); only the order of these tells something."""
        zero = np.zeros(len(self.docs))
        return sum((CLOSE[name] * values for name, values in self.features.items()), zero)

    def best(self, count: int) -> Seen:
        """Return the best of them, the best first."""
        places = np.argsort(-self.scores, kind="stable")[:count]
        features = {name: values[places] for name, values in self.features.items()}
        return Seen(self.docs[places], self.held.of(places), features)

    def joined(self, other: Seen) -> Seen:
        """Return these and other documents, seen alike."""
        features = {
            name: np.concatenate([values, other.features[name]])
            for name, values in self.features.items()
        }
        docs = np.concatenate([self.docs, other.docs])
        return Seen(docs, self.held.joined(other.held), features)

    def having(self, **features: Floats) -> Seen:
        """Return the same with more features."""
        return replace(self, features={**self.features, **features})


@dataclass(frozen=True, slots=True)
class Links:
    """Which documents share a name with a root that the question does not know.

    `worth` is what the rarest such name tells, in [0, 1], by document and place of the root.
    """

    worth: Mapping[int, Mapping[int, tuple[float, Name]]]

    def strongest(self, shares: Floats, known: Docs) -> Docs:
        """Return the best linked documents that are not known yet."""
        new = set(self.worth) - set(known.tolist())
        strength = {
            doc: max(shares[root] * worth for root, (worth, _) in self.worth[doc].items())
            for doc in sorted(new)
        }
        best = sorted(strength, key=lambda doc: -strength[doc])[:LINKED]
        return np.array(best, np.int64)


class CloseLook:
    """Looks at documents for one question."""

    def __init__(
        self, asked: AskedTerms, meanings: PartMeanings | None, cued: frozenset[int]
    ) -> None:
        """Prepare for one question.

        Args:
            meanings: of its parts; None where nothing can be embedded.
            cued: documents that speak for themselves by their speaker or time.
        """
        self._asked = asked
        self._meanings = meanings
        self._cued = cued
        self._step = min(1.0, FULL / max(1, len(asked.terms))) ** 2

    def see(self, docs: Docs) -> Seen:
        """Return what documents say by themselves, but for their titles."""
        held = self._asked.held_by(docs)
        cued = np.array([doc in self._cued for doc in docs.tolist()], np.float64)
        size = min(NEIGHBOURS, max(1, len(self._asked.terms)))
        window = held.windows(NEIGHBOURS) + MOMENT / (1 + K1) / size * cued
        near = np.zeros(len(docs)) if self._meanings is None else self._meanings.nearest(docs)
        features = {"window": window, "meaning": near, "rarest": held.rarest()}
        return Seen(docs, held, features)

    def with_titles(self, seen: Seen, texts: Mapping[int, str]) -> Seen:
        """Add which share of its title a question says."""
        asked = set(self._asked.terms)
        return seen.having(
            title=np.array([_told(asked, texts.get(doc, "")) for doc in seen.docs.tolist()])
        )

    def follow(
        self, db: sqlite3.Connection, view: View, roots: Seen, texts: Mapping[int, str]
    ) -> Links:
        """Look up the names in the roots' texts."""
        known, found = set(self._asked.terms), defaultdict[int, dict[int, tuple[float, Name]]](dict)
        looked_up: dict[Name, Docs] = {}
        for root, doc in enumerate(roots.docs.tolist()):
            for name in names_of(texts.get(doc, ""))[:MOST_NAMES]:
                if known.issuperset(name):
                    continue
                if name not in looked_up:
                    looked_up[name] = documents_of(db, name, view.columns.count)
                worth = rarity(len(looked_up[name]), view.columns.count)
                for other in looked_up[name].tolist():
                    if other != doc and worth > found[other].get(root, (0.0,))[0]:
                        found[other][root] = worth, name
        docs = np.array(sorted(found), np.int64)
        docs = docs[docs < min(view.columns.count, view.chains.count)]  # both grow while we look
        visible = docs[view.seen(docs) & stand_alone(view, docs)]
        return Links({doc: found[doc] for doc in visible.tolist()})

    def linked(
        self, seen: Seen, roots: Seen, shares: Floats, links: Links, texts: Mapping[int, str]
    ) -> Seen:
        """Add what links to the roots are worth, and being one.

        about  a text that begins with a name from a root is mostly about it
        joint  what a text and a root that share a name hold of the question together
        root   being a root, as sure as it is one
        """
        held, of_roots = seen.held.is_held, roots.held.is_held
        rare, place = seen.held.rarity, dict(zip(roots.docs.tolist(), shares, strict=True))
        about, joint = np.zeros(len(seen.docs)), np.zeros(len(seen.docs))
        for row, doc in enumerate(seen.docs.tolist()):
            start = beginning(texts.get(doc, "")) if doc in links.worth else frozenset()
            for root, (worth, name) in links.worth.get(doc, {}).items():
                strength = shares[root] * worth * self._step
                together = rare @ np.maximum(held[:, row], of_roots[:, root]) / rare.sum()
                joint[row] = max(joint[row], strength * together)
                if start.issuperset(name):
                    about[row] = max(about[row], strength)
        is_root = np.array([place.get(doc, 0.0) for doc in seen.docs.tolist()])
        return seen.having(about=about, joint=joint, root=is_root)


def shares_of(seen: Seen, roots: Seen) -> Floats:
    """Return how sure each root is, 1 for the best: how far it stands out of what was looked at."""
    middle = float(np.median(seen.scores))
    ahead = np.maximum(roots.scores - middle, 0.0)
    return np.asarray(ahead / (ahead.max() or 1.0))


def stand_alone(view: View, docs: Docs) -> Flags:
    """Tell which documents stand among no others."""
    alone: Flags = view.chains.sizes[view.chains.episode[docs]] <= 1
    return alone


def in_new_order(ranked: Sequence[Ranked], order: Sequence[int], view: View) -> list[Ranked]:
    """Give the places and scores of the documents that stand alone to those of a new order.

    The best of them stays the best: where one text answers a question, the search knows it better.
    What is in the order and was not ranked comes along names. The rest keeps its place.
    """
    alone = stand_alone(view, np.array([each.doc for each in ranked], np.int64)).tolist()
    known = {each.doc: each for each in ranked}
    faintest = ranked[-1].score
    rest = [each for each, is_alone in zip(ranked, alone, strict=True) if is_alone]
    others = (known.get(doc) or Ranked(doc, faintest, ("graph",)) for doc in order)
    coming = iter({each.doc: each for each in (*rest[:1], *others, *rest)}.values())
    placed = [
        replace(next(coming), score=each.score) if is_alone else each
        for each, is_alone in zip(ranked, alone, strict=True)
    ]
    return [*placed, *(replace(each, score=faintest) for each in coming)]


def _told(asked: set[str], text: str) -> float:
    """Return the share of a text's title that is asked for; 0 where it has none."""
    title, separator, _ = text.partition("\n")
    if not separator or len(title) >= LONGEST_TITLE:
        return 0.0
    terms = telling_terms(title)
    return len(asked.intersection(terms)) / len(terms) if terms else 0.0
