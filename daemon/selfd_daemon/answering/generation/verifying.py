"""Each sentence of a written answer is held against its sources before anybody sees it.

lexical   the share of its telling words that stand in its sources
numeric   whether every figure in it stands there
entity    the share of its names that stand there
subject   whether its first word does, where that may be a name
polarity  whether it denies where they deny, and only there
entails   how much better a mind predicts it after its sources, where a mind can say so

A sentence is supported when its figures, names and denials are all backed, and enough of its words;
fewer of these will do, and another first word, where a mind finds that it follows.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from selfd_daemon.answering.generation.context import Passage
from selfd_daemon.answering.question import denies, names_in
from selfd_daemon.answering.retrieval.sentences import sentences
from selfd_storage.language.lexicon import STOP_WORDS, telling_terms, terms, words

ENOUGH = 0.6  # of its words
ENOUGH_ENTAILED = 0.4  # of them, where a mind says that it follows
FOLLOWS = 0.3  # of its bits, that a mind saves by having read the sources
_MARKS = re.compile(r"\s*\[(\d{1,2}(?:\s*,\s*\d{1,2})*)\]")
_FIRST = re.compile(r"[A-Z][\w'’-]+")
_OPENERS = frozenset(
    {"according", "based", "however", "therefore", "overall", "yes", "source", "sources", "note"}
)
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_COUNTS: Mapping[str, str] = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve")
    )
}  # fmt: skip

# (sentence, sources) -> the share of bits saved by having read the sources
Entailment = Callable[[str, str], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Checked:
    """A sentence without its marks, what backs it, and the figures of the check, each in [0, 1]."""

    text: str
    supported: bool
    sources: tuple[Passage, ...]
    scores: Mapping[str, float]


async def check(
    sentence: str,
    passages: Sequence[Passage],
    *,
    question: str = "",
    entailment: Entailment | None = None,
) -> Checked:
    """Hold a sentence against the sources that it names, or else against the best of all."""
    named = {int(n) for mark in _MARKS.findall(sentence) for n in re.findall(r"\d+", mark)}
    text = _MARKS.sub("", sentence).strip()
    claimed = [each for each in passages if each.number in named]
    sources = claimed or _backing(text, passages)
    scores = _scores(text, sources, question)
    follows = False
    if entailment is not None and sources:
        scores["entails"] = await entailment(text, " ".join(each.text for each in sources))
        follows = scores["entails"] >= FOLLOWS
    firm = min(scores["numeric"], scores["entity"], scores["polarity"]) == 1.0
    firm = firm and (follows or scores["subject"] == 1.0)
    enough = ENOUGH_ENTAILED if follows else ENOUGH
    supported = bool(sources) and firm and scores["lexical"] >= enough
    return Checked(text, supported, tuple(sources), scores)


def _backing(text: str, passages: Sequence[Passage]) -> list[Passage]:
    """Return the passage with most of a sentence's words, none where no passage has any."""
    wanted = set(telling_terms(text))
    best = max(passages, key=lambda each: len(wanted.intersection(terms(each.text))), default=None)
    return [best] if best is not None and wanted.intersection(terms(best.text)) else []


def _scores(text: str, sources: Sequence[Passage], question: str) -> dict[str, float]:
    told = " ".join(each.text for each in sources)
    dates = " ".join(_dates(each) for each in sources)
    have = set(terms(f"{told} {dates}"))
    telling = telling_terms(text)
    figures = _figures(text)
    names = {term for name in names_in(text) for term in terms(name)}
    known = have | set(terms(question))
    return {
        "lexical": _share([term in have for term in telling]),
        "numeric": float(figures <= _figures(f"{told} {question} {dates}")),
        "entity": _share([name in known for name in names]),
        "subject": _share([term in known for term in terms(_first_name(text))]),
        "polarity": float(denies(text) == _denied(text, sources)),
    }


def _first_name(text: str) -> str:
    """Return the first word where it may be a name, as every word has a capital there."""
    first = _FIRST.match(text)
    if first is None or first[0].endswith("ly"):
        return ""
    return "" if STOP_WORDS.union(_OPENERS).issuperset(words(first[0])) else first[0]


def _dates(passage: Passage) -> str:
    moment = getattr(passage.item, "created_at", None) or getattr(
        passage.item, "published_at", None
    )
    return "" if moment is None else f"{moment:%d %B %Y %B} {moment.day} {moment:%Y-%m-%d}"


def _figures(text: str) -> set[str]:
    found = {each.replace(",", "") for each in _FIGURE.findall(text)}
    return found | {_COUNTS[word] for word in words(text) if word in _COUNTS}


def _denied(text: str, sources: Sequence[Passage]) -> bool:
    """Tell whether the sentence of the sources that is nearest to a text denies something."""
    wanted = set(telling_terms(text))
    parts = [part.text for each in sources for part in sentences(each.text)]
    nearest = max(parts, key=lambda part: len(wanted.intersection(terms(part))), default="")
    return denies(nearest)


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else 1.0
