"""Who and what a text names: words with capitals that no sentence and no headline gave them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from selfd_daemon.facts.phrases import NAME, is_name
from selfd_daemon.facts.vocabulary import DAYS_AND_MONTHS, NO_NAMES, words

MOST = 40  # names of one text
LONGEST_TEXT = 20_000  # characters that are looked at

_NAMED = re.compile(rf"(?<![\w'’.@/#-]){NAME}")
_BEGINS = re.compile(r"(?:[.!?…:;]\W*|[“\"(•*>-]\s*)$")
_BEFORE = 6  # characters before a name that tell whether a sentence begins with it
_WORD = re.compile(r"[^\W\d_]+")
_NO_PART = re.compile(r"(?:I|.*(?:['’](?:ve|re|ll|m|d|t)|n['’]t|Here['’]s|There['’]s)|I['’].*)$")
_POSSESSIVE = re.compile(r"['’]s?$")
# A capital at the start of a sentence is a name's before these.
_ACTS = re.compile(
    r" (?:said|says|told|moved|lives|lived|works at|works for|worked|loves|likes|hates|went|got"
    r"|came|called|and I|wants|wanted|thinks|bought|gave|sent|plays|speaks|married|is my|is a)\b"
)
_STARTERS = frozenset(
    words("""
    go woohoo alright anytime whenever apparently lately btw here's there's nature life art dance
    family friends food lots tons stuff yoga music work school
""")
)
_NO_ENTITIES = frozenset(
    words("""
    god gosh internet fri tue tues wed thu thur thurs mon sat sun english french german spanish
    italian dutch chinese japanese american british european tv pc ai usb pdf ok diy faq etc asap
    ceo cto cfo phd mr mrs ms dr prof birthday dad mom mum daddy mommy grandma grandpa sir madam
""")
)


def read_names(text: str, is_name_first: Callable[[str], bool] = lambda _word: False) -> list[str]:
    """Return the names in a text, each once, in its fullest form there.

    Args:
        is_name_first: tells of one of the `doubtful` words whether it is a name.
    """
    found, uncertain = _told_apart(text)
    for name in uncertain:
        if is_name_first(name):
            found.setdefault(name)
    return list(_fullest(list(found)))[:MOST]


def doubtful(text: str) -> list[str]:
    """Return the words that only begin sentences in a text, each once: names, or just words."""
    return list(_told_apart(text)[1])


def _told_apart(text: str) -> tuple[dict[str, None], dict[str, None]]:
    """Return the names in a text, and the words of which it does not tell."""
    found: dict[str, None] = {}
    uncertain: dict[str, None] = {}
    for line in _lines(text[:LONGEST_TEXT]):
        for match in _NAMED.finditer(line):
            before = line[max(0, match.start() - _BEFORE) : match.start()]
            begins = not line[: match.start()].strip() or _BEGINS.search(before) is not None
            for name, is_first in _cleaned(match[0], begins):
                if is_first and " " not in name and not _ACTS.match(line, match.end()):
                    uncertain.setdefault(name)
                else:
                    found.setdefault(name)
    parts = {part for each in found for part in each.split()}
    for name in [name for name in uncertain if name in parts]:
        found.setdefault(name)
        del uncertain[name]
    return found, uncertain


def _lines(text: str) -> Iterator[str]:
    """Yield the lines whose capitals tell something: headlines and shouts are left out."""
    for line in text.split("\n"):
        written = _WORD.findall(line)
        capitals = sum(word[0].isupper() and word != "I" for word in written)
        if len(written) < 5 or capitals <= 0.7 * len(written):
            yield line


def _cleaned(name: str, begins: bool) -> Iterator[tuple[str, bool]]:
    """Yield what is left of a run of capitals, and whether it stands first in its sentence."""
    run: list[str] = []
    for part in [*name.strip(".").split(), "I"]:
        if not _NO_PART.match(part):
            run.append(part)
            continue
        yield from _trimmed(run, begins)
        run, begins = [], False


def _trimmed(parts: list[str], begins: bool) -> Iterator[tuple[str, bool]]:
    while parts and (_is_common(parts[0], begins) or not parts[0][0].isupper()):
        parts, begins = parts[1:], False
    while parts and (parts[-1].lower() in DAYS_AND_MONTHS or not parts[-1][0].isupper()):
        parts = parts[:-1]
    whole = _POSSESSIVE.sub("", " ".join(parts))
    if whole.lower() not in _NO_ENTITIES and is_name(whole):
        yield whole, begins


def _is_common(word: str, begins: bool) -> bool:
    """Tell whether a word is no name; at the start of a sentence more words are none."""
    lower = word.lower().replace("’", "'")
    return lower in NO_NAMES or (begins and (lower.endswith("ing") or lower in _STARTERS))


def _fullest(names: list[str]) -> Iterator[str]:
    """Yield names but those that are the first or last word of one longer name in the text."""
    for name in names:
        longer = {
            each for each in names if each != name and name in (each.split()[0], each.split()[-1])
        }
        if " " in name or len(longer) != 1:
            yield name
