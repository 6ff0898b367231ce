"""Questions that are sums: read from words or signs, answered exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from selfd_daemon.answering.composing import Composed
from selfd_daemon.answering.drafts import Draft
from selfd_daemon.answering.errors import SumError
from selfd_daemon.answering.question import Asked
from selfd_daemon.answering.retrieval.confidence import confidence
from selfd_daemon.answering.specialists.arithmetic import Number, result_of, tokens
from selfd_graphql.ports import Question

LONGEST = 400  # characters of a sum
SIGNALS: Mapping[str, float] = {"sum.bias": 1.0}

_WORDS: Mapping[str, str] = {
    "plus": "+", "and": "+", "added to": "+", "minus": "-", "less": "-", "times": "*",
    "multiplied by": "*", "multiplied with": "*", "x": "*", "divided by": "/", "over": "/",
    "to the power of": "^", "to the": "^", "percent": "%", "per cent": "%", "squared": "squared",
    "cubed": "cubed", "half of": ".5*", "half": ".5", "a third of": "1/3*", "1 third of": "1/3*",
    "a quarter of": ".25*", "1 quarter of": ".25*", "3 quarters of": ".75*",
    "2 thirds of": "2/3*", "double": "2*", "twice": "2*", "of": "of", "factorial": "!",
    "square root of": "root", "the square root of": "root", "sqrt": "root", "root of": "root",
    "cube root of": "cuberoot", "the cube root of": "cuberoot",
}  # fmt: skip
_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = {word: n for n, word in enumerate(_ONES)} | {w: 20 + 10 * n for n, w in enumerate(_TENS)}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_COUNT = "|".join([*_SMALL, *_LARGE])
_COUNTED = re.compile(rf"\b(?:{_COUNT})(?:[\s-]+(?:and\s+)?(?:{_COUNT}))*\b")
_OPENING = re.compile(
    r"^(?:(?:please|hey|so|and|ok|tell me|can you|could you|what(?:'s| is| do i get if i)|how much"
    r"(?:'s| is| are)|calculate|compute|work out|evaluate|solve|find|give me|the (?:result|value|"
    r"product) of|result of|is)\b[\s,:]*)+"
)
_CLOSING = re.compile(r"(?:\s*(?:[?=.!]|please|equals?|is|as a (?:decimal|number)))+$")
_PHRASE = re.compile(r"\b(?:" + "|".join(sorted(_WORDS, key=len, reverse=True)) + r")\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{2,4}")
_WRITTEN = {"*": "×", "**": "^", "root": "√", "cuberoot": "∛"}


class Sums:
    """Answers the questions that are sums, and leaves all others."""

    async def draft(self, question: Question, asked: Asked) -> Draft | None:
        """Work the sum out, or say why it has no result; None where it is none."""
        try:
            found = work_out(asked.said)
        except SumError as error:
            text = f"That cannot be worked out: {error}."
        else:
            if found is None:
                return None
            text = f"{found[0]} = {shown(found[1])}"
        cut = text.encode()[: question.max_bytes].decode("utf-8", "ignore")
        composed, sure = Composed((cut,), ()), confidence(SIGNALS)
        return Draft(composed, sure, abstained=False, signals=SIGNALS, task="maths")


def work_out(question: str) -> tuple[str, Number] | None:
    """Return the sum that a question asks for and its result, None where it asks for none.

    Raises:
        SumError: it is a sum that has no result, or too large a one.
    """
    found = tokens(_signs(question)) if len(question) <= LONGEST else None
    if not found or all(each[-1].isdigit() for each in found) or not _counts(found):
        return None
    return _line(found), result_of(found)


def shown(number: Number) -> str:
    """Return a number as people write it: exactly where that is short, else to twelve digits."""
    if isinstance(number, float):
        return f"{number:.12g}"
    if number.denominator == 1:
        return f"{number.numerator:,}" if abs(number) >= 10_000 else str(number.numerator)
    decimal = float(number)
    if Fraction(f"{decimal:.12f}") == number:
        return f"{decimal:.12f}".rstrip("0")
    return f"{decimal:.12g} ({number.numerator}/{number.denominator})"


def _signs(question: str) -> str:
    """Return a question with its words for numbers and signs written as such."""
    text = question.lower().strip().replace("×", "*").replace("÷", "/").replace("−", "-")
    text = text.replace("√", "root ").replace("²", "^2").replace("³", "^3")
    is_factorial = text.rstrip(" ?=").endswith("!")
    text = _CLOSING.sub("", _OPENING.sub("", text))
    if is_factorial and not text.endswith("!"):
        text += "!"
    text = _THOUSANDS.sub("", _COUNTED.sub(lambda found: str(_counted(found[0])), text))
    text = re.sub(r"^(?:multiply|divide) (.+) (?:by|with) ", _turned, text)
    text = re.sub(r"^(?:the )?sum of (.+)$", lambda found: found[1].replace(",", " + "), text)
    text = re.sub(r"^(?:add) (.+) (?:and|to) ", r"\1 + ", text)
    text = re.sub(r"^(?:subtract) (.+) from (.+)$", r"(\2) - (\1)", text)
    return _PHRASE.sub(lambda found: f" {_WORDS[found[0]]} ", text)


def _turned(found: re.Match[str]) -> str:
    return f"{found[1]} {'*' if found[0].startswith('multiply') else '/'} "


def _counted(text: str) -> int:
    """Return the number that words like two hundred and five count."""
    total, current = 0, 0
    for word in re.split(r"[\s-]+", text):
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred":
            current = max(1, current) * 100
        elif word in _LARGE:
            total += max(1, current) * _LARGE[word]
            current = 0
    return total + current


def _counts(found: list[str]) -> bool:
    """Tell whether there is a number among them; and no date, which is written like a sum."""
    return any(each[-1].isdigit() for each in found) and _DATE.fullmatch("".join(found)) is None


def _line(found: list[str]) -> str:
    """Write a sum as people do."""
    line = " ".join(_WRITTEN.get(each, each) for each in found)
    return re.sub(r"(?<=\() | (?=[)!%])|(?<=[√∛]) | ?\^ ?", _tight, line)


def _tight(found: re.Match[str]) -> str:
    return "^" if "^" in found[0] else ""
