"""From statements to relations: from when until when each held, computed from all that was said.

Nothing is stored of this. So a statement that is forgotten leaves no trace: what it had closed is
open again. A newer statement closes an older one where there can be one answer at a time; it never
deletes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from selfd_daemon.facts.vocabulary import COUNTRIES, SPOUSES
from selfd_storage import StatementRecord
from selfd_storage.graph.rows import name_key

# Of these there is one answer at a time.
_FUNCTIONAL = frozenset(
    {"lives in", "works at", "works as", "studies at", "is married to", "is engaged to",
     "is dating", "is aged", "is based in", "was born in", "was born on"}
) | {f"has {relative}" for relative in SPOUSES}  # fmt: skip
# Those that were so before anybody said it.
_TIMELESS = frozenset(
    {"is called", "was born in", "was born on", "is from", "grew up in", "has birthday"}
)
_KINDRED = ("has daughter", "has son", "has child", "has brother", "has sister", "has mother",
            "has father", "has grand", "has aunt", "has uncle", "has cousin")  # fmt: skip
_CONTRARY = {"likes": "dislikes", "dislikes": "likes"}


@dataclass(slots=True)
class Relation:
    """A subject, what is said of it, and from when until when that held; None: not known.

    `sources` are the statements behind it, the one that closed it among them.
    """

    subject: str
    predicate: str
    object: str
    valid_from: datetime | None
    valid_to: datetime | None
    sources: list[StatementRecord] = field(default_factory=list)

    def held(self, moment: datetime) -> bool:
        """Tell whether it is known to have held at a moment."""
        if self.valid_to is not None and self.valid_to <= moment:
            return False
        if self.valid_from is None:
            return self.valid_to is None
        return self.valid_from <= moment


def relations(statements: Iterable[StatementRecord]) -> list[Relation]:
    """Return what statements come to: what holds first, then what held, each the newest first."""
    groups: defaultdict[Hashable, list[StatementRecord]] = defaultdict(list)
    for each in statements:
        groups[each.subject_number, _family(each)].append(each)
    found = [relation for group in groups.values() for relation in _told(group)]
    return sorted(found, key=_newest_first)


def is_functional(predicate: str) -> bool:
    """Tell whether there is one answer at a time."""
    return predicate in _FUNCTIONAL or predicate.startswith("has favourite ") or _is_own(predicate)


def _told(group: Sequence[StatementRecord]) -> list[Relation]:
    """Go through statements about one thing in the order of what they tell of."""
    done: list[Relation] = []
    current: dict[Hashable, Relation] = {}
    for each in sorted(group, key=lambda each: (each.until or _begin(each), each.at)):
        same = each.predicate, name_key(each.object) or each.object
        known = current.get(same)
        if each.until is not None:
            _end(each, known, done)
            if known is not None:
                del current[same]
        elif known is not None:
            known.sources.append(each)
        else:
            relation = _relation(each, None if _is_timeless(each.predicate) else _begin(each), None)
            for other in [key for key, open_ in current.items() if _closes(each, open_)]:
                closed = current.pop(other)
                closed.valid_to = _begin(each)
                closed.sources.append(each)
                done.append(closed)
            current[same] = relation
    return done + list(current.values())


def _end(each: StatementRecord, known: Relation | None, done: list[Relation]) -> None:
    """Close what a statement says to be over, known before or not."""
    if known is None:
        done.append(_relation(each, each.since, each.until))
        return
    known.valid_to = each.until
    known.valid_from = each.since or known.valid_from
    known.sources.append(each)
    done.append(known)


def _closes(newer: StatementRecord, older: Relation) -> bool:
    if newer.predicate != older.predicate:
        return _CONTRARY.get(newer.predicate) == older.predicate and name_key(
            newer.object
        ) == name_key(older.object)
    if not is_functional(newer.predicate) or older.sources[-1].item_id == newer.item_id:
        return False  # `my favourite colours are red and blue` is no change of mind
    if newer.predicate == "lives in" and newer.since is None:
        return _is_country(newer.object) == _is_country(older.object) and not _within(
            newer.object, older.object
        )
    return not _within(newer.object, older.object)


def _within(one: str, other: str) -> bool:
    """Tell whether two names can be the same place or post told more or less exactly."""
    a, b = set(name_key(one).split()), set(name_key(other).split())
    return bool(a and b) and (a <= b or b <= a)


def _is_country(name: str) -> bool:
    return name_key(name) in COUNTRIES


def _family(each: StatementRecord) -> Hashable:
    """Return what is compared: one predicate, likes with dislikes."""
    return "likes" if each.predicate == "dislikes" else each.predicate


def _begin(each: StatementRecord) -> datetime:
    return each.since or each.at


def _is_timeless(predicate: str) -> bool:
    return predicate in _TIMELESS or predicate.startswith(_KINDRED)


def _is_own(predicate: str) -> bool:
    return predicate.startswith("has ") and predicate.endswith(
        ("number", "email", "address", "name", "size", "password", "plate", "birthday", "type")
    )


def _relation(each: StatementRecord, since: datetime | None, until: datetime | None) -> Relation:
    return Relation(each.subject, each.predicate, each.object, since, until, [each])


def _newest_first(relation: Relation) -> tuple[bool, float, str, str]:
    moment = relation.valid_to or relation.valid_from or relation.sources[-1].at
    is_over = relation.valid_to is not None
    return is_over, -moment.timestamp(), relation.predicate, relation.object
