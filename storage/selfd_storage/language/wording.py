"""When two texts say the same: a form in which only what carries meaning is left.

Left out are blanks, case, the punctuation around words, contractions (`don't` is `do not`), and in
English articles and a few words of emphasis. Numbers with their signs and units, names, dates,
negations, the order of words and whether it is a question all stay, so texts that differ in one of
these never have the same wording. Where capitals tell words apart (`us`, `US`), they must agree.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from selfd_storage.texts import fingerprint, normalised

# Among millions of texts an equal one of so many words is the same statement, wherever it was told.
TELLING_WORDS = 6
FINGERPRINT_BYTES = 4  # among a million memories, one new text in 4,300 meets a false twin

_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "…": " ", "—": " "})
_ANYTHING = re.compile(r"\S+")
_LETTERS_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
_BEFORE = "\"'([{«„¿¡"
_AFTER = ".,;:!?\"')]}»"
_AFTER_NUMBER = ".,;:?\"'"
_DIGIT = re.compile(r"\d")
_ENDS = ".!?:\"')]"
_ENDS_SENTENCE = re.compile(r"[.!?:][\"')\]]*$")

_NEGATED = {
    f"{verb}nt": f"{verb} not"
    for verb in [
        "do",
        "does",
        "did",
        "is",
        "are",
        "was",
        "were",
        "have",
        "has",
        "had",
        "could",
        "would",
        "should",
    ]
}
_WHOLE = {
    "can't": "can not",
    "cannot": "can not",
    "won't": "will not",
    "shan't": "shall not",
    "let's": "let us",
    "&": "and",
    **_NEGATED,
}
_ENDINGS = {"n't": "not", "'m": "am", "'re": "are", "'ve": "have", "'ll": "will"}
_IS = frozenset(
    ["it's", "that's", "he's", "she's", "what's", "there's", "here's", "where's", "who's"]
)

_ENGLISH = frozenset(
    [
        "the",
        "is",
        "are",
        "were",
        "and",
        "of",
        "you",
        "my",
        "he",
        "she",
        "it",
        "with",
        "for",
        "have",
        "has",
        "had",
        "at",
        "not",
        "this",
        "that",
        "our",
    ]
)
_ARTICLES = frozenset(("a", "an", "the"))
_COUNTED = frozenset(("few", "little"))  # "a few" is more than "few"
_EMPHASIS = frozenset(
    ["oh", "ah", "um", "uh", "hmm", "hm", "please", "actually", "basically", "really", "very"]
)


class _Word(NamedTuple):
    """A word as it counts, as it was written, and whether a sentence begins with it."""

    plain: str
    written: str
    first: bool


@dataclass(frozen=True, slots=True)
class Wording:
    """What a text says. `plain` is what is compared."""

    plain: str
    words: Sequence[_Word]
    text: str

    @property
    def has_case(self) -> bool:
        """Tell whether capitals and small letters are told apart in it."""
        return not (self.text.islower() or self.text.isupper())

    @property
    def is_telling(self) -> bool:
        """Tell whether it is long enough to be the same statement from another source."""
        return len(self.words) >= TELLING_WORDS

    def same_as(self, other: Wording) -> bool:
        """Tell whether both say the same."""
        if self.plain != other.plain:
            return False
        if not (self.has_case and other.has_case):
            return True
        pairs = zip(self.words, other.words, strict=False)  # as long as each other, or without any
        return all(a.written == b.written or a.first or b.first for a, b in pairs)


def wording_of(text: str) -> Wording:
    """Return what a text says; one without any word is compared as it is written."""
    composed = unicodedata.normalize("NFC", text)
    words = _words(composed.translate(_MARKS))
    plain = " ".join(word.plain for word in words) or normalised(text)
    return Wording(plain, words, composed)


def fingerprint_of_memory(kind: int, source_id: int | None, wording: Wording) -> int:
    """Return what proposes a memory as the twin of another; a telling one of another source too."""
    where = "" if wording.is_telling else str(source_id)
    return fingerprint(str(kind), where, wording.plain, size=FINGERPRINT_BYTES)


def fingerprint_of_answer(wording: Wording) -> int:
    """Return what proposes an answer as the origin of a text."""
    return fingerprint(wording.plain, size=FINGERPRINT_BYTES)


def _words(text: str) -> Sequence[_Word]:
    found: list[_Word] = []
    first = True
    for match in _ANYTHING.finditer(text):
        raw = match.group()
        for part in _LETTERS_HYPHEN.split(raw) if "-" in raw else (raw,):
            found += _of_part(part, first)
            first = False
        first = raw[-1] in _ENDS and _ENDS_SENTENCE.search(raw) is not None
    if _ENGLISH.isdisjoint(word.plain for word in found):
        return found
    return [word for place, word in enumerate(found) if not _is_idle(found, place)]


def _of_part(part: str, first: bool) -> list[_Word]:
    if part.isalpha():
        core = part
    elif _DIGIT.search(part):
        core = part.lstrip("\"'").rstrip(_AFTER_NUMBER)
    else:
        core = part.lstrip(_BEFORE).rstrip(_AFTER)
    is_asked = "?" in part and "?" in part[len(part.rstrip(_AFTER)) :]
    asked = [_Word("?", "?", False)] if is_asked else []
    if not core.strip("-"):
        return asked
    plain, *more = _expanded(core.lower())
    head = core[: len(plain)]
    written = head if head.lower() == plain else plain
    return [_Word(plain, written, first), *(_Word(each, each, False) for each in more), *asked]


def _expanded(word: str) -> list[str]:
    if word in _WHOLE:
        return _WHOLE[word].split()
    if "'" not in word:
        return [word]
    if word in _IS:
        return [word[:-2], "is"]
    for ending, meaning in _ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending):
            return [word[: -len(ending)], meaning]
    return [word]


def _is_idle(words: Sequence[_Word], place: int) -> bool:
    """Tell whether a word of an English text adds nothing that would tell two texts apart."""
    word = words[place]
    if word.written != word.plain and not word.first and word.plain != "the":
        return False  # a letter or a name: vitamin A, Sandra Oh
    if word.plain in _ARTICLES:
        follows = words[place + 1].plain if place + 1 < len(words) else ""
        return bool(follows) and follows != "?" and follows not in _COUNTED
    return word.plain in _EMPHASIS
