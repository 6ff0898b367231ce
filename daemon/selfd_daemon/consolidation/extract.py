"""The few sentences that say best what an episode was about, each as it was told.

A sentence counts by the words that several of its episode's memories share, more where somebody
tells of themselves, states a fact or names a third, and less where it only answers the other; each
one chosen makes its words count less for the next. Nothing is worded anew.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log1p, sqrt

from selfd_daemon.answering.retrieval.sentences import sentences, without_speaker
from selfd_daemon.facts import read_statements
from selfd_daemon.facts.clauses import speaker_of
from selfd_daemon.facts.names import read_names
from selfd_daemon.facts.vocabulary import words as listed
from selfd_storage import MemoryRecord, SourceQuote
from selfd_storage.language.lexicon import STOP_WORDS, words
from selfd_storage.language.stems import stem

SMALLEST = 4  # memories of an episode that is worth a reflection
FEWEST_TERMS = 3  # telling words of a sentence
FEWEST, MOST = 2, 6  # sentences
MEMORIES_EACH = 6  # one sentence for so many memories
SHORTEST, LONGEST = 5, 45  # words of a sentence
FACT_COUNTS = 1.6
NAME_COUNTS = 1.2
OWN_COUNTS = 1.4
ANSWER_COUNTS = 0.3
TOLD = 0.35  # what a word counts that is told already

_CHATTER = frozenset(
    listed("""
    hi hey hello bye thanks thank wow cool great nice good glad happy sorry welcome yeah yes no ok
    okay sure haha lol awesome amazing sounds care talk soon later day luck congrats
""")
)
_OWN = re.compile(r"\b(?:I|I['’]\w+|[Ww]e|[Ww]e['’]\w+|[Mm]y|[Oo]ur)\b")
_ANSWER = re.compile(
    r"\b(?:you|your|you['’]\w+|y'all|u)\b"
    r"|^(?:congrats|glad|sorry|sounds|thanks|wow|great|nice|that['’]s|so (?:glad|happy|cool)"
    r"|good (?:luck|to)|have (?:a|fun)|take care|it['’]s (?:great|awesome|amazing))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    memory: MemoryRecord
    quote: str
    terms: frozenset[str]
    worth: float


def extract(memories: Sequence[MemoryRecord]) -> list[SourceQuote]:
    """Return the telling sentences of an episode in its order; none where there are too few."""
    if len(memories) < SMALLEST:
        return []
    speakers = {speaker_of(memory.text) or "" for memory in memories}
    present = frozenset(stem(word) for speaker in speakers for word in words(speaker))
    candidates = [each for memory in memories for each in _candidates(memory, present)]
    shared = Counter(
        term for memory in memories for term in {stem(w) for w in words(memory.text)} if term
    )
    weights = {term: log1p(count) for term, count in shared.items() if count > 1}
    wanted = max(FEWEST, min(MOST, len(memories) // MEMORIES_EACH))
    chosen: list[_Candidate] = []
    while candidates and len(chosen) < wanted:
        best = max(candidates, key=lambda each: _score(each, weights))
        if _score(best, weights) <= 0:
            break
        chosen.append(best)
        candidates = [each for each in candidates if each.quote != best.quote]
        for term in best.terms:
            if term in weights:
                weights[term] *= TOLD
    if len(chosen) < FEWEST:
        return []
    order = {memory.id: place for place, memory in enumerate(memories)}
    chosen.sort(key=lambda each: (order[each.memory.id], each.memory.text.find(each.quote)))
    return [SourceQuote(each.memory.id, each.quote) for each in chosen]


def _candidates(memory: MemoryRecord, present: frozenset[str]) -> list[_Candidate]:
    """Return the sentences of a memory that could be quoted; `present` are those who speak."""
    found = []
    for sentence in sentences(without_speaker(memory.text)):
        said = list(words(sentence.text))
        if not SHORTEST <= len(said) <= LONGEST or "?" in sentence.text:
            continue
        terms = {stem(w) for w in said if w not in STOP_WORDS and w not in _CHATTER}
        terms -= present
        if len(terms) < FEWEST_TERMS:
            continue
        worth = FACT_COUNTS if read_statements(sentence.text, memory.created_at) else 1.0
        worth *= NAME_COUNTS if _names_another(sentence.text, present) else 1.0
        worth *= OWN_COUNTS if _OWN.search(sentence.text) else 1.0
        worth *= ANSWER_COUNTS if _ANSWER.search(sentence.text) else 1.0
        found.append(_Candidate(memory, sentence.text, frozenset(terms), worth))
    return found


def _names_another(sentence: str, present: frozenset[str]) -> bool:
    return any(stem(name.split()[0].lower()) not in present for name in read_names(sentence))


def _score(candidate: _Candidate, weights: dict[str, float]) -> float:
    total = sum(weights.get(term, 0.0) for term in candidate.terms)
    return candidate.worth * total / sqrt(len(candidate.terms))
