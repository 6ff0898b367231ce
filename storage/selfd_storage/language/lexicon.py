"""From text to the terms that the index holds, the same way for items and for questions.

A term is a folded, stemmed word; scripts without blanks between words give overlapping pairs of
characters. SQLite's own tokenizers would do less: its stemmer cannot be undone when words must be
forgotten, and its Unicode tables end in 2012. So it is handed terms, and its `ascii` tokenizer
keeps them as they are: ASCII letters and digits, and whatever is not ASCII.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from zlib import crc32

from selfd_storage.language.stems import stem

LONGEST_WORD = 64  # characters; the rest of a longer one is noise: keys, hashes, encoded files

# Scripts that write no blanks: Thai to Myanmar, Khmer, kana, Han.
_UNBROKEN = "\u0e00-\u109f\u1780-\u17d3\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Indic vowel signs are marks, which Python does not count as parts of words.
_LETTER = rf"(?:[^\W_{_UNBROKEN}]|[\u0900-\u0963\u0966-\u0dff])"
_WORD = re.compile(rf"[{_UNBROKEN}]+|{_LETTER}+(?:['’]{_LETTER}+)*")
_IS_UNBROKEN = re.compile(f"[{_UNBROKEN}]")
# Accents that fold away: Latin, Greek and Cyrillic ones, Hebrew points, Arabic vowel signs.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]+")
_CLITICS = frozenset({"s", "t", "d", "m", "re", "ve", "ll"})
_SPEAKER = re.compile(r"\s*(?:[^\W\d_]{1,4}\. )?([^\W\d_][\w'’-]*)(?: [^\W\d_][\w.'’-]*){0,2}:\s")

# Words that ask, point or bind, and say nothing of what is looked for.
_STOP_WORDS = """
    a about again all also am an and any are as at be because been before being both but by can
    could d did do does doing don down during each few for from further had has have having he her
    here hers him his how i if in into is it its just ll m may me might more most must my no nor
    not of off on once only or other our out over own re s same shall she should so some such t
    than that the their them then there these they this those through to too under until up us ve
    very was we were what when where which while who whom whose why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def fold(text: str) -> str:
    """Return text without case, accents and compatibility forms: Ａngström is angstrom."""
    if text.isascii():
        return text.lower()
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return unicodedata.normalize("NFC", plain).casefold()


def words(text: str) -> Iterator[str]:
    """Yield the folded words of a text in their order, unstemmed."""
    for word in _WORD.findall(fold(text)):
        if _IS_UNBROKEN.match(word) is not None:
            yield from _pairs(word)
        else:
            yield _plain(word)[:LONGEST_WORD]


def terms(text: str) -> list[str]:
    """Return the terms of a text in their order."""
    return [stem(word) for word in words(text)]


def telling_words(text: str) -> list[str]:
    """Return the words of a question, and stop words only if there is nothing else."""
    found = list(words(text))
    return [word for word in found if word not in STOP_WORDS] or found


def telling_terms(text: str) -> list[str]:
    """Return the terms of a question, each once."""
    return list(dict.fromkeys(stem(word) for word in telling_words(text)))


def name_code(name: str) -> int:
    """Return the number by which the index knows a name: never 0, which stands for nobody."""
    return (crc32(stem(name).encode("utf-8")) & 0x7FFFFFFF) or 1


def speaker_code(text: str) -> int:
    """Return the code of who speaks, as in `Ann: Hello`, by the first name; 0 where nobody does."""
    found = _SPEAKER.match(text[:120])
    if found is None:
        return 0
    return name_code(next(words(found[1]), found[1]))


def without_speaker(text: str) -> str:
    """Return what is said in a text like `Ann: Hello`; any other text as it is."""
    found = _SPEAKER.match(text[:120])
    return text if found is None else text[found.end() :]


def _plain(word: str) -> str:
    """Drop what an apostrophe binds to a word (Ann's, don't), join what it only marks (O'Brien)."""
    if word.isalnum():
        return word
    first, *rest = re.split("['’]", word)
    return first + "".join(part for part in rest if part not in _CLITICS)


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)] if len(run) > 1 else [run]
