"""What answers are worth: quotes, right answers, abstentions, and how well confidence holds.

Whoever has questions with known answers measures with this: the benchmark on LoCoMo, the daemon's
assessment of itself on a small sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from selfd_graphql.ports import Question
from selfd_storage import AnswerRecord, Store
from selfd_storage.language.lexicon import terms

Numbers = NDArray[np.float64]
Ask = Callable[[Question], Awaitable[AnswerRecord]]
BINS = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the ids of the items that answer it; none where nothing stored does.

    `answer` is how a person put it, None where that is not known.
    """

    question: str
    evidence: frozenset[str]
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer, held against its case. `overlap` is the F1 of its words with the person's.

    `signals` are those that its confidence was made of.
    """

    case: Case
    abstained: bool
    confidence: float
    is_right: bool
    quotes: int
    verbatim: int
    overlap: float | None
    recall: float | None
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Worth:
    """The figures over many answers.

    answered              the share of questions that have an answer and got one
    right                 the share of given answers that cite an item that answers
    verbatim              the share of quotes that stand in their source word for word
    abstained             on questions that have an answer; abstained_without: on those without
    overlap, recall       of the words of given answers with the annotated ones, mean F1 and recall
    calibration_error     over all questions, of the confidence that the answer is right
    calibration_answered  the same over the answers given
    """

    questions: int
    quotes: int
    answered: float
    right: float
    verbatim: float
    abstained: float
    abstained_without: float
    overlap: float
    recall: float
    calibration_error: float
    calibration_answered: float

    @property
    def caution(self) -> float:
        """How many times as often it abstains where there is no answer."""
        return self.abstained_without / max(self.abstained, 1e-9)


async def measure(
    ask: Ask, store: Store, cases: Sequence[Case], *, threshold: float = 0.0
) -> list[Outcome]:
    """Ask every question, and hold each answer against what is known.

    Args:
        threshold: answers with less confidence count as abstentions. Let `ask` answer all, so that
            what would have been withheld is judged, too.
    """
    return [await _outcome(ask, store, case, threshold) for case in cases]


def worth(outcomes: Sequence[Outcome]) -> Worth:
    """Sum up the outcomes; a share of nothing is 0."""
    some = [each for each in outcomes if each.case.evidence]
    none = [each for each in outcomes if not each.case.evidence]
    given = [each for each in outcomes if not each.abstained]
    found = [each for each in some if not each.abstained]
    quotes = sum(each.quotes for each in outcomes)
    return Worth(
        questions=len(outcomes),
        quotes=quotes,
        answered=_share([not each.abstained for each in some]),
        right=_share([each.is_right for each in given]),
        verbatim=sum(each.verbatim for each in outcomes) / max(1, quotes),
        abstained=_share([each.abstained for each in some]),
        abstained_without=_share([each.abstained for each in none]),
        overlap=_share([each.overlap for each in found if each.overlap is not None]),
        recall=_share([each.recall for each in found if each.recall is not None]),
        calibration_error=_error_of(outcomes),
        calibration_answered=_error_of(given),
    )


def calibration_error(confidence: Numbers, right: Numbers, bins: int = BINS) -> float:
    """Return the expected calibration error over equal-width bins (Naeini et al. 2015)."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[place == b].mean() - right[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(gaps))


def chance_error(confidence: Sequence[float], bins: int = BINS) -> float:
    """Return the calibration error to be expected of confidences that are exactly right.

    By the normal approximation in each bin: with few answers chance makes most of what is measured.
    """
    known = np.array(confidence)
    place = np.minimum((known * bins).astype(int), bins - 1)
    spreads = [
        np.sqrt(2 / np.pi * (known[place == b] * (1 - known[place == b])).sum()) / len(known)
        for b in range(bins)
        if (place == b).any()
    ]
    return float(sum(spreads))


def overlap(said: str, annotated: str) -> tuple[float, float]:
    """Return the F1 and the recall of the terms of one text in those of another."""
    have, want = Counter(terms(said)), Counter(terms(annotated))
    both = (have & want).total()
    if not both:
        return 0.0, 0.0
    precision, recall = both / have.total(), both / want.total()
    return 2 * precision * recall / (precision + recall), recall


async def _outcome(ask: Ask, store: Store, case: Case, threshold: float) -> Outcome:
    answer = await ask(Question(case.question))
    items = await store.items([cited.item_id for cited in answer.citations])
    pairs = list(zip(answer.citations, items, strict=True))
    f1, recall = (None, None) if case.answer is None else overlap(answer.text, case.answer)
    return Outcome(
        case=case,
        abstained=answer.abstained or answer.confidence < threshold,
        confidence=answer.confidence,
        is_right=any(cited.item_id in case.evidence for cited in answer.citations),
        quotes=len(pairs),
        verbatim=sum(item is not None and cited.quote in item.text for cited, item in pairs),
        overlap=f1,
        recall=recall,
        signals=answer.signals,
    )


def _share(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _error_of(outcomes: Sequence[Outcome]) -> float:
    if not outcomes:
        return 0.0
    return calibration_error(
        np.array([each.confidence for each in outcomes]),
        np.array([float(each.is_right) for each in outcomes]),
    )
