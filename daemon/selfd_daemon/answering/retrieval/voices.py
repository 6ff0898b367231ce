"""Whose words speak of whom: in a dialogue, a turn speaks of its speaker or of who is spoken to.

When a question names one of the speakers, words that another one says of himself do not answer it,
however well they match. A sentence that says `you` and not `I` speaks of the listener, and so does
one that asks and does not say `I`; this much is English, elsewhere every sentence counts for its
speaker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from selfd_daemon.answering.question import Asked
from selfd_daemon.answering.retrieval.sentences import sentences, without_speaker
from selfd_storage import Item, MemoryRecord
from selfd_storage.language.lexicon import name_code, speaker_code, terms, words

_SELF = re.compile(r"\b(?:i|me|my|mine|myself|we|us|our|ours)\b", re.IGNORECASE)
_LISTENER = re.compile(r"\b(?:you|your|yours|yourself)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """The terms of an item: those that may speak of the person asked about, and the others."""

    own: frozenset[str]
    other: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        return self.own | self.other


class Voices:
    """The one speaker whom a question names, if it names just one of those who speak."""

    def __init__(self, asked: Asked, items: Iterable[Item]) -> None:
        speakers = {_speaker(item) for item in items} - {0}
        named = _named(asked.said, speakers) or _named(asked.text, speakers)
        self._person = next(iter(named)) if len(named) == 1 else 0
        self.name = frozenset(named[self._person]) if self._person else frozenset()

    def said(self, item: Item, found: Iterable[str]) -> Said:
        """Sort the terms of an item, given as `found`, by whom its sentences speak of."""
        speaker = _speaker(item)
        if not self._person or not speaker:
            return Said(frozenset(found))
        own: set[str] = set()
        other: set[str] = set()
        for sentence in sentences(without_speaker(item.text)):
            of_self = _SELF.search(sentence.text) is not None
            of_listener = _LISTENER.search(sentence.text) is not None or (
                sentence.text.endswith("?") and not of_self
            )
            here = terms(sentence.text)
            if of_self and of_listener:
                own.update(here)
                other.update(here)
            elif (speaker == self._person) != of_listener:
                own.update(here)
            else:
                other.update(here)
        return Said(frozenset(own), frozenset(other))


def _speaker(item: Item) -> int:
    return speaker_code(item.text) if isinstance(item, MemoryRecord) else 0


def _named(text: str, speakers: set[int]) -> dict[int, list[str]]:
    """Return the speakers that a text names, and the terms that name them."""
    named: dict[int, list[str]] = {}
    for word in words(text):
        if name_code(word) in speakers:
            named.setdefault(name_code(word), []).extend(terms(word))
    return named
