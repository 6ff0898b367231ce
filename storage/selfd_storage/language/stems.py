"""Porter's stemmer: English words that differ only in their ending become one.

M. F. Porter, An algorithm for suffix stripping, Program 14(3), 1980, with the two departures that
its author later published (`bli`, `logi`). Words of other languages mostly pass through unharmed;
index and query are stemmed alike, so a stem need not be a word.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SECOND = (
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("logi", "log"),
)
_THIRD = (
    ("icate", "ic"),
    ("ative", ""),
    ("alize", "al"),
    ("iciti", "ic"),
    ("ical", "ic"),
    ("ful", ""),
    ("ness", ""),
)
_FOURTH = re.compile(
    r"(?:ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|(?<=[st])ion|al|er|ic|ou)$"
)
_ENGLISH = re.compile(r"[a-z]{3,32}")
_SYLLABLES = re.compile(r"[aeiou]+[^aeiou]+")
_SHORT_END = re.compile(r"[^aeiou][aeiou][^aeiouwxy]$")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the stem of a lower-case word; anything but a plain English word is its own stem."""
    if _ENGLISH.fullmatch(word) is None:
        return word
    word = _without_inflection(_without_plural(word))
    if word[-1] == "y" and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    word = _replaced(_replaced(word, _SECOND), _THIRD)
    ending = _FOURTH.search(word)
    if ending is not None and _measure(word[: ending.start()]) > 1:
        word = word[: ending.start()]
    return _tidied(word)


def _without_plural(word: str) -> str:
    if word.endswith(("sses", "ies")):
        return word[:-2]
    return word[:-1] if word[-1] == "s" and not word.endswith("ss") else word


def _without_inflection(word: str) -> str:
    """Take off -ed and -ing, and mend what is left: hopping is hop, hoping is hope."""
    if word.endswith("eed"):
        return word[:-1] if _measure(word[:-3]) > 0 else word
    ending = "ed" if word.endswith("ed") else "ing" if word.endswith("ing") else None
    if ending is None or not _has_vowel(word[: -len(ending)]):
        return word
    word = word[: -len(ending)]
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if _ends_double(word) and word[-1] not in "lsz":
        return word[:-1]
    return word + "e" if _measure(word) == 1 and _ends_short(word) else word


def _replaced(word: str, endings: tuple[tuple[str, str], ...]) -> str:
    for old, new in endings:
        if word.endswith(old):
            rest = word[: -len(old)]
            return rest + new if _measure(rest) > 0 else word
    return word


def _tidied(word: str) -> str:
    """Take off a silent e and the second of two ls."""
    if word[-1] == "e":
        rest = word[:-1]
        size = _measure(rest)
        if size > 1 or (size == 1 and not _ends_short(rest)):
            word = rest
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word


def _vowelled(word: str) -> str:
    """Write each y that sounds as a vowel as i; the others stay consonants."""
    return re.sub(r"(?<=[^aeiouy])y", "i", word)


def _measure(word: str) -> int:
    """Count the runs of vowels that a consonant follows (Porter's m)."""
    return len(_SYLLABLES.findall(_vowelled(word)))


def _has_vowel(word: str) -> bool:
    return re.search("[aeiou]", _vowelled(word)) is not None


def _ends_double(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and word[-1] not in "aeiou"


def _ends_short(word: str) -> bool:
    return _SHORT_END.search(_vowelled(word)) is not None
