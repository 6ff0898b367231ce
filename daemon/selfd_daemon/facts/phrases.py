"""The parts of a clause that rules are made of: names, things, adverbs, and how they are cut."""

from __future__ import annotations

import re
from typing import NamedTuple

from selfd_daemon.facts.vocabulary import DAYS_AND_MONTHS, NO_NAMES, words

_WORD = r"[^\W\d_a-zß-öø-ÿ][\w&]*(?:['’.-][\w&]+)*"
_BETWEEN = r"(?:of|de|de la|del|da|do|di|van|van der|von|la|le|el|al|y|&|bin|ibn)"
NAME = rf"(?:(?:Mr|Mrs|Ms|Dr|Prof|St|Mt)\.? )?{_WORD}(?: (?:{_BETWEEN} )?{_WORD}){{0,4}}"
ADVERBS = (
    r"(?: (?:also|really|just|still|now|currently|actually|absolutely|truly|always|already"
    r"|recently|finally|both|all"
    r"|even|simply|generally|usually|mostly|mainly|definitely|particularly|especially|personally"
    r"|do|does|totally"
    r"|officially|originally|basically|kinda|sort of|kind of|only|completely|genuinely|quite"
    r"|proudly|presently|happily"
    r"|pretty much|very much))*"
)

_PLACE = re.compile(rf"(?:the )?({NAME}(?:, {NAME}){{0,2}})")
_NAME = re.compile(rf"(?:the )?({NAME})")
_STRONG = re.compile(r"[!;:()…—–\n\"“”]|(?<!\bSt)(?<!\bDr)(?<!\bMt)\.(?=\s|$)|\s-\s")
_TIME = (
    r"(?:last|this|next) (?:night|week|month|year|\w+day|spring|summer|autumn|fall|winter)"
    r"|yesterday|today|tonight|tomorrow"
    r"|(?:a|an|\d+|one|two|three|four|five|six|seven|eight|nine|ten|several|many|some) (?:days?"
    r"|weeks?|months?|years?|decades?)"
    r"|(?:in|on|since|from|until|till|by|around) (?:(?:early|late|mid|about) )?(?:19|20)\d\d"
    r"|(?:in|on|since|from|until|till|by|this|last) (?:early |late |the )?(?:jan|feb|mar|apr|may"
    r"|jun|jul|aug|sep|oct|nov|dec"
    r"|mon|tue|wed|thu|fri|sat|sun|spring|summer|autumn|fall|winter)\w*"
)
# What does not belong to a thing any more.
_TAIL = re.compile(
    rf",|\s(?:and|but|or|because|so|which|who|when|whenever|while|since|though|although|where"
    rf"|after|before|until|till|unlike|as"
    rf"|whereas|that|especially|than|over|rather|instead|if|even|with|without|these days"
    rf"|nowadays|lately|at the moment"
    rf"|right now|again|anyway|in particular|in general|too|a lot|so much|very much|more than"
    rf"|for (?:a|an|the|about|over|almost|\w+) ?\w* ?(?:day|week"
    rf"|month|year|decade)s?|now|from now|{_TIME})\b",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(
    rf"['’]?\s*(?:$|[,.!]|(?:and|but|or|because|so|which|who|when|where|while|since|though"
    rf"|although|after|before|until|till|from"
    rf"|with|at|in|on|as|for|near|by|to|now|originally|either|instead|right|again|too|these"
    rf"|nowadays|lately|already|permanently|together|today|full|part"
    rf"|full-time|part-time|about|any ?more|any longer|during|right|here|back|over|along|just"
    rf"|also|recently|currently|{_TIME})\b)",
    re.IGNORECASE,
)
_NEW_CLAUSE = re.compile(
    r"(?:,\s*|\s)(?:and|but|or|so)\s+(?=(?:i|we|he|she|it|they|you|my|our|his|her|their|the|this"
    r"|that|there|then|am|is|are|was"
    r"|have|has|had|do|does|don|will|would|can|could|also|just|always|never|often|love|like|hate"
    r"|enjoy|prefer|live|work|play|want"
    r"|need|think|know|hope|plan|try|feel|find|spend|take|make|go|get|got|it['’]s|i['’]\w+"
    r"|we['’]\w+)\b)",
    re.IGNORECASE,
)
_EMPTY_WORDS = frozenset(
    words("""
    it this that these those you him her them us me u ya y'all yourself myself himself herself
    how what when where why who whom which your his their its here there everything something
    anything nothing everyone someone anyone thing things stuff one ones being having getting
    seeing hearing knowing thinking everybody each such not never no idea way ways yours mine lot
    lots bit other another same
""")
)
_BAD_STARTS = frozenset(
    words("""
    the a an to my our if as in on at of by for with about going and or but is are was were be
    been do does did very too much more most than also just really even still quite pretty all
    any some every both either neither from i we he she they so sharing helping trying looking
    giving keeping spending taking putting
""")
)
_TAIL_WORDS = frozenset(
    words("""
    too also now still though again anyway really lots most best more well very actually lately
    and or but with in on at of for to from by as the a an myself together sometimes either
    already instead tbh lol haha
""")
)
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "prof", "st", "mt"})
COUNTED = re.compile(r"(?:\d|one|two|three|four|five|six|several|many|few)\b", re.IGNORECASE)
# After these, `that` or `with` binds more closely than a thing can be cut.
_BINDING = re.compile(r"\s(?:that|who|which|where) ", re.IGNORECASE)
_PARTICLES = frozenset(
    words("""
    up out along back down on off together over away
""")
)
_PREPOSITIONS = frozenset(
    words("""
    near in of to with on at like such about for from by between
""")
)


class Cut(NamedTuple):
    """Things that were cut out of the words after a verb, and where the last one ends there."""

    things: list[str]
    end: int


def is_name(name: str) -> bool:
    """Tell whether capitalised words can be a name."""
    words = name.replace("’", "'").split()
    if not words or not 1 < len(name) <= 80 or not words[0][0].isupper():
        return False
    first = words[0].lower()
    if len(words) == 1 and (first in _TITLES or (first.endswith("ing") and len(first) > 5)):
        return False
    return first not in NO_NAMES and first.removesuffix("'s") not in DAYS_AND_MONTHS


def rest_of_clause(sentence: str, start: int) -> str:
    """Return what follows a verb, up to where something else must begin."""
    rest = sentence[start:]
    strong = _STRONG.search(rest)
    rest = rest[: strong.start()] if strong else rest
    clause = _NEW_CLAUSE.search(rest)
    return rest[: clause.start()] if clause else rest


def cut_place(rest: str) -> Cut | None:
    """Cut out a place or an organisation: a name, with what contains it after commas."""
    return _cut_name(_PLACE, rest)


def cut_name(rest: str) -> Cut | None:
    """Cut out one name."""
    return _cut_name(_NAME, rest)


def cut_things(rest: str) -> Cut | None:
    """Cut out what is liked, spoken or feared: one thing, or a list of short ones."""
    tail = _TAIL.search(rest)
    if tail is not None and tail[0].strip(" ,") in ("", "and", "or"):
        several = _list(rest)
        if several is not None:
            return several
        if tail[0] == "," and not _may_end(rest[tail.end() :]):
            return None
    end = tail.start() if tail else len(rest)
    found = thing(rest[:end])
    if found is None or (tail is not None and _BINDING.fullmatch(f"{tail[0]} ")):
        return None
    if tail is not None and tail[0] == " with" and found.split()[-1].lower() in _PARTICLES:
        return None
    return Cut([found], end)


def thing(phrase: str, *, article: bool = False) -> str | None:
    """Return what a phrase names, None where it says nothing by itself.

    Args:
        article: the phrase may begin with an article, which stays.
    """
    words = phrase.split()
    while words and words[-1].lower().strip("'’,.") in _TAIL_WORDS:
        words.pop()
    lower = [word.lower().replace("’", "'").strip("'.,") for word in words]
    if not lower or len(lower) > 7:
        return None
    if lower[0] in _BAD_STARTS and not (article and lower[0] in ("a", "an", "the")):
        return None
    if any(word in _EMPTY_WORDS for word in lower):
        return None
    found = " ".join(words).strip(",.'’ ")
    is_word = len(found) > 1 and any(letter.isalpha() for letter in found)
    return found if is_word and found in phrase else None


def _cut_name(pattern: re.Pattern[str], rest: str) -> Cut | None:
    found = pattern.match(rest)
    if found is None or not is_name(found[1]) or not _AFTER_NAME.match(rest, found.end()):
        return None
    name = found[1].rstrip(".,")
    return Cut([name], found.end())


def _list(rest: str) -> Cut | None:
    """Cut out a list such as `tea, coffee and cake`."""
    last = re.search(r"(?:,? and |,? or | & )([^,]+)", rest)
    if last is None:
        return None
    tail = _TAIL.search(last[1])
    end = last.start(1) + (tail.start() if tail else len(last[1]))
    parts = re.split(r",? and |,? or | & |, ", rest[:end])
    if any(not 0 < len(part.split()) <= 3 for part in parts):
        return None
    found = [thing(part) for part in parts]
    things = [each for each in found if each is not None]
    if len(things) != len(parts) or set(parts[0].lower().split()) & _PREPOSITIONS:
        return None
    if len(parts) == 2 and len(parts[0].split()) == 1 < len(parts[1].split()):
        return Cut([rest[:end].strip()], end)  # `action and comedy movies`: one word may serve both
    return Cut(things, end)


def _may_end(after: str) -> bool:
    """Tell whether what follows a comma leaves the thing before it whole."""
    return bool(
        re.match(
            r"\s*(?:but|so|because|which|who|especially|too|though|although|i|we|my|our|it|he"
            r"|she|they|as|and (?:i|my|we|our|it|he"
            r"|she|they)|particularly|mostly|like|just|even|not|$)\b|\s*$",
            after,
            re.IGNORECASE,
        )
    )
