"""Which sentences assert something, who speaks in them, and where a clause can begin.

Precision comes from here: what is asked, imagined, hedged, quoted or told by hearsay is no fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selfd_daemon.answering.retrieval.sentences import sentences
from selfd_daemon.facts.vocabulary import MACHINES, NO_NAMES, NO_SPEAKERS, OWNER

_SPEAKER = re.compile(r"[ \t]*(?:\[[^\]\n]{1,40}\] ?)?([^\W\d_][\w.'’ -]{0,40}?) ?: +(?=\S)")
_LINE = re.compile(r"[^\n]+")
QUOTED = re.compile(
    r"“[^”]*(?:”|$)|\"[^\"]*(?:\"|$)|«[^»]*(?:»|$)|(?m:^[ \t]*>.*$)|```.*?(?:```|$)", re.DOTALL
)
_UNREAL = re.compile(
    r"\b(?:if|unless|would|wouldn['’]t|could|couldn['’]t|might|may|maybe|perhaps|probably|possibly"
    r"|wish(?:es|ed)?|imagine[ds]?|imagining|suppose[ds]?|pretend(?:s|ed|ing)?|hypothetically"
    r"|dream(?:s|t|ed|ing)? (?:that|about|of|i|he|she)|in (?:my|a|the|his|her) dream|almost|nearly"
    r"|as though|let['’]s say|what about|whether|should|tried to|trying to|want(?:s|ed)? to"
    r"|hop(?:e|es|ed|ing) to"
    r"|plan(?:s|ned|ning)? (?:to|on)|going to|gonna|about to|will|won['’]t|['’]ll|['’]d"
    r"|think(?:ing)? (?:about|of)"
    r"|not sure|unsure|doubt|guess|seems?|seemed|feels? like|felt like|kidding|joking|joke[sd]?"
    r"|sarcas\w+"
    r"|role-?play\w*|my character|fictional|lyrics?|proverb|riddle)\b"
)
_HEARSAY = re.compile(
    r"\b(?:sa(?:id|ys?|ying)|t(?:old|ells?|elling)|ask(?:s|ed|ing)?|wr(?:ote|ites?|iting)"
    r"|claim(?:s|ed|ing)?"
    r"|thinks?|thought|believes?|believed|hear[ds]?|reckons?|mention(?:s|ed|ing)?|swears?|swore"
    r"|insist(?:s|ed)?"
    r"|announce[ds]?|report(?:s|ed|edly)?|allegedly|supposedly|apparently|rumou?rs?|rumou?red"
    r"|according to"
    r"|sings?|sang|quot(?:e[ds]?|ing)|shout(?:s|ed)|whisper(?:s|ed)|repl(?:y|ies|ied)|answered"
    r"|assum(?:e[ds]?|ing)"
    r"|convinced|suspects?|expects?|in (?:the|a|this|that|her|his|my) (?:book|film|movie|novel"
    r"|show|game|story|song"
    r"|series|play|episode|poem|chapter|scene|essay|article))\b"
)
# A clause of its own begins after these.
_SEPARATOR = re.compile(
    r"(?:[,;:–—]|\s-) +(?:(?:and|but|so|because|since|though|although|while|plus|also|btw|now) +)*"
    r"|\s(?:and|but|so|because|since|though|although|plus)(?:,)? +(?:also +|now +)?|\(",
)
_OPENING = re.compile(
    r"(?:(?:oh|ah|hey|hi|hello|well|yes|yeah|yep|yup|no|nope|nah|ok|okay|sure|so|and|but|also"
    r"|plus|actually|honestly|really"
    r"|frankly|personally|now|nowadays|currently|finally|recently|lately|fyi|btw|by the way"
    r"|anyway|anyways|as for me|for me"
    r"|in fact|to be honest|tbh|remember|note|wow|thanks|today|these days|at the moment"
    r"|at present|turns out|haha|hmm)"
    r"[,.!:…]*\s+(?:that\s+)?)+",
    re.IGNORECASE,
)
MOST_PLACES = 12  # of one sentence, at which a clause may begin


@dataclass(frozen=True, slots=True)
class Assertion:
    """A sentence that asserts something: its place in the text, and who says `I` in it."""

    start: int
    text: str
    speaker: str

    def beginnings(self) -> Iterator[int]:
        """Yield the places of the sentence at which a clause can begin, each once."""
        seen = {0}
        yield 0
        opened = _OPENING.match(self.text)
        places = [opened.end()] if opened else []
        for found in _SEPARATOR.finditer(self.text):
            places.append(found.end())
            further = _OPENING.match(self.text, found.end())
            places += [further.end()] if further else []
        for place in places[:MOST_PLACES]:
            if place not in seen:
                seen.add(place)
                yield place


def assertions(text: str) -> Iterator[Assertion]:
    """Yield the sentences of a text that assert something on the speaker's own account."""
    quoted = [found.span() for found in QUOTED.finditer(text)]
    for start, line, speaker in _turns(text):
        if speaker is None:
            continue
        for sentence in sentences(line):
            begin = start + sentence.start
            end = begin + len(sentence.text)
            if any(a < end and begin < b for a, b in quoted):
                continue
            if asserts(sentence.text):
                yield Assertion(begin, sentence.text, speaker)


def asserts(sentence: str) -> bool:
    """Tell whether a sentence is no question, no wish, no guess and no hearsay."""
    if "?" in sentence:
        return False
    lower = re.sub(r"\bMay\b", "", sentence).lower()  # the month is not the verb
    return not (_UNREAL.search(lower) or _HEARSAY.search(lower))


def speaker_of(text: str) -> str | None:
    """Return who speaks in a turn of a dialogue, as it stands there; None where nobody does."""
    found = _SPEAKER.match(text)
    return found[1] if found is not None and _speaker(found[1]) is not None else None


def _turns(text: str) -> Iterator[tuple[int, str, str | None]]:
    """Yield the turns of a dialogue, or a text as one; the speaker is None for a machine."""
    start, speaker = 0, OWNER
    for line in _LINE.finditer(text):
        found = _SPEAKER.match(line[0])
        said = None if found is None else _speaker(found[1])
        if found is None or said is None:
            continue
        yield start, text[start : line.start()], None if speaker in MACHINES else speaker
        start, speaker = line.start() + found.end(), said
    yield start, text[start:], None if speaker in MACHINES else speaker


def _speaker(name: str) -> str | None:
    """Return who speaks, in lower case where it is a role; None where the words are no speaker."""
    lower = name.lower().strip()
    if lower in MACHINES or lower.split()[-1] in MACHINES:
        return lower.split()[-1]
    if lower in NO_SPEAKERS:
        return OWNER
    parts = name.split()
    if len(parts) <= 3 and all(part[:1].isupper() for part in parts) and lower not in NO_NAMES:
        return name
    return None
