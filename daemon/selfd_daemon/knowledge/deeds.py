"""Who did what, for deeds that only one can have done: a win, a purchase, an office."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selfd_daemon.knowledge.quotations import NAME, denies, name_terms, telling

SHARED = 0.7  # of the shorter object's terms, from which on both speak of the same
OBJECT = 90  # characters after the verb that say to whom or what

# By what was done: the words for it. Between two sources, other words are other deeds.
_DEEDS: Mapping[str, str] = {
    "won": "won|wins|win",
    "beat": "beat|beats|defeated|defeats|edged|overcame",
    "bought": "bought|buys|buy|acquired|acquires|acquire",
    "founded": "founded|founds",
    "became": "became|becomes|was named|was appointed|was elected|was chosen|was made"
    "|has been named|has been appointed|has been elected|is named|is appointed",
    "caused": "caused|causes",
    "killed": "killed|shot dead|murdered",
    "replaced": "replaced|replaces|succeeded|succeeds",
    "leads": "leads|heads|chairs",
}
_KINDS = {verb: deed for deed, verbs in _DEEDS.items() for verb in verbs.split("|")}
_BOTH_WAYS = frozenset({"beat", "bought", "killed", "replaced"})
_DEED = re.compile(
    rf"(?P<actor>{NAME})(?:,[^,]{{1,60}},|,)? (?:has |have |had |will )?(?:not |\w+ly )?"
    rf"(?P<verb>{'|'.join(sorted(_KINDS, key=len, reverse=True))})\b"
    rf"(?P<object>[^.;:!?]{{0,{OBJECT}}})"
)


@dataclass(frozen=True, slots=True)
class Deed:
    """Who, by the terms of the name, did what, and the terms of whom or what it touched."""

    actor: frozenset[str]
    kind: str
    object: frozenset[str]
    denied: bool

    def agrees(self, other: Deed) -> bool | None:
        """Tell whether two sources name the same actor; None where they tell of other deeds."""
        if self.kind != other.kind:
            return None
        if self.kind in _BOTH_WAYS and self.actor & other.object and other.actor & self.object:
            return False  # A beat B, and B beat A
        shared = self.object & other.object
        fewer = min(len(self.object), len(other.object))
        if not fewer or len(shared) < max(1.0, SHARED * fewer):
            return None
        if self.actor & other.actor:
            return self.denied == other.denied
        if self.actor & other.object or other.actor & self.object:
            return None  # the same names in other parts: another way to tell it
        return False if self.denied == other.denied else None


def deeds(sentence: str) -> list[Deed]:
    """Return the deeds that a sentence tells of, in its order."""
    return list(_found(sentence))


def _found(sentence: str) -> Iterator[Deed]:
    for found in _DEED.finditer(sentence):
        actor = name_terms(found["actor"])
        touched = telling(found["object"]) - actor
        if actor and touched:
            yield Deed(actor, _KINDS[found["verb"]], touched, denies(found[0]))
