"""The statements that are understood: how a clause begins that makes one, and what follows it.

A rule matches at the beginning of a clause only, so that `He thinks I live in Oslo` says nothing.
Each verb brings its forms: what holds (`I live in`), what held (`I used to live in`).
"""

# ruff: noqa: E501 - a table is read best with a rule a line

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from selfd_daemon.facts import vocabulary as known
from selfd_daemon.facts.phrases import (
    ADVERBS,
    COUNTED,
    NAME,
    Cut,
    cut_name,
    cut_place,
    cut_things,
)

Mode: TypeAlias = Literal["holds", "began", "ended", "past"]
Cutter: TypeAlias = Callable[[str], Cut | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a clause begins (`me` or `name` is its subject), and how its object is cut out.

    `holds`: now. `began`: from the time named on, or from then. `ended`: no more. `past`: over,
    but only with a time or a `used to`.
    """

    predicate: str
    head: re.Pattern[str]
    cut: Cutter
    mode: Mode
    object_is_name: bool = False


@dataclass(frozen=True, slots=True)
class _Verb:
    predicate: str
    base: str
    third: str
    past: str
    ing: str
    cut: Cutter
    object_is_name: bool = False
    past_ends: bool = False  # `I lived in Oslo` is over; `I loved the film` is no taste that ended
    is_continuous: bool = False  # `I am living in Oslo`


_ONLY_ONE = "|".join(known.ONLY_ONE)
# `my wife lives in Oslo` is about somebody without a name; `my wife is called Ann` is in KIN.
_NAMED = rf"(?:[Tt]he )?[Uu]ser|[Mm]y (?:{_ONLY_ONE})|{NAME}"


def _who(first: str, third: str) -> str:
    """Return the pattern of a subject with what follows it: first person, or a name."""
    return rf"(?:(?P<me>[Ii]|[Ww]e)(?:{first})|(?P<name>{_NAMED})(?:{third}))"


_BE, _IS = "['’]?m| am|['’]re| are", "['’]s| is"
_AM = _who(_BE, _IS)
_AM_NO_LONGER = _who(f"(?:{_BE}) no longer", f"(?:{_IS}) no longer")
_WAS = _who(" (?:was|were)", " was")
_HAVE = _who("['’]ve| have", "['’]s| has")
_DID = _who("(?:['’]ve| have)?", "(?:['’]s| has)?")  # and what has been done, too
_DO_NOT = _who(" don['’]?t| do not", " doesn['’]?t| does not")
_SUBJECT = _who("", "")


def _one_of(words: str, *, then: str = "") -> Cutter:
    """Cut out one of some known words, where `then` follows."""
    pattern = re.compile(rf"(?:{words})\b{then}", re.IGNORECASE)

    def cut(rest: str) -> Cut | None:
        found = pattern.match(rest)
        return None if found is None else Cut([found[0].strip()], found.end())

    return cut


def _several(words: str) -> Cutter:
    """Cut out a list of known words: `French, German and a little Czech`."""
    pattern = re.compile(
        rf"(?:fluent |some |a little |a bit of |basic |good |perfect |native )?({words})\b",
        re.IGNORECASE,
    )
    between = re.compile(r",? and |, |,? & |,? as well as ")

    def cut(rest: str) -> Cut | None:
        things, place = [], 0
        while found := pattern.match(rest, place):
            things.append(found[1])
            place = found.end()
            joint = between.match(rest, place)
            if joint is None:
                break
            place = joint.end()
        return Cut(things, place) if things else None

    return cut


def _job(rest: str) -> Cut | None:
    """Cut out a job, with up to three words before it: `paediatric nurse`."""
    found = _JOB.match(rest)
    return None if found is None else Cut([found[1]], found.end())


_JOB = re.compile(
    rf"(?:an? |the )?((?:(?!(?:not|no|such|bit|very|good|great|bad|terrible|big|better|of|like|to|my|your|bad|real|born)\b)[\w-]+ ){{0,3}}?"
    rf"(?:{'|'.join(known.JOBS)}))(?=\s*(?:$|[,.!]|(?:and|at|for|in|with|by|now|here|but|from|who|since|on|myself|too|as well|of|until"
    rf"|these days|because|so|\d|last)\b))",
    re.IGNORECASE,
)


def _allergen(rest: str) -> Cut | None:
    """Cut out what somebody is allergic to, unless it is a manner of speaking."""
    found = cut_things(rest)
    if found is None or any(each.lower() in _NO_ALLERGENS for each in found.things):
        return None
    return found


_NO_ALLERGENS = frozenset(
    known.phrases("""
    mondays, mornings, work, drama, nonsense, bullshit, commitment, people, stupidity, exercise,
    cleaning, housework, small talk
""")
)


def _possession(rest: str) -> Cut | None:
    """Cut out what a home holds: `two cats`, `a dog`."""
    found = _POSSESSION.match(rest)
    return None if found is None else Cut([found[1]], found.end())


_POSSESSION = re.compile(
    rf"((?:an?|one|two|three|four|five|six|\d) (?:\w+ )?(?:{'|'.join(known.PETS_AND_CARS)}))"
    r"(?=\s*(?:$|[,.!]|(?:and|but|at|now|together|who|already|so|in total)\b))",
    re.IGNORECASE,
)


def _preferred(rest: str) -> Cut | None:
    """Cut out what is preferred to something else."""
    head = re.split(r" (?:to|over|than|rather than|instead of)\b", rest, maxsplit=1)[0]
    return cut_things(head)


def _liked(rest: str) -> Cut | None:
    """Cut out what is liked; `to read` is liked as `read`, and praise in passing is not."""
    start = 3 if rest.lower().startswith("to ") else 0
    found = cut_things(rest[start:])
    if found is None or any(COUNTED.match(each) for each in found.things):
        return None
    return Cut(found.things, found.end + start)


_TASTES = r"like|love|adore|enjoy"
_VERBS = (
    _Verb("lives in", "(?:live|reside) in", "(?:lives|resides) in", "lived in", "(?:living|residing) in", cut_place, True, True, True),
    _Verb("works at", "work (?:at|for)", "works (?:at|for)", "worked (?:at|for)", "working (?:at|for)", cut_place, True, True, True),
    _Verb("works as", "work as", "works as", "worked as", "working as", _job, False, True, True),
    _Verb("studies at", "study at", "studies at", "studied at", "studying at", cut_place, True, True, True),
    _Verb("likes", f"(?:{_TASTES})", "(?:likes|loves|adores|enjoys)", "(?:liked|loved|enjoyed)", "(?:liking|loving|enjoying)", _liked),
    _Verb("dislikes", "(?:hate|dislike|detest|loathe|can['’]?t stand|cannot stand)", "(?:hates|dislikes|detests|loathes|can['’]?t stand|cannot stand)", "hated", "hating", _liked),
    _Verb("prefers", "prefer", "prefers", "preferred", "preferring", _preferred),
    _Verb("speaks", "speak", "speaks", "spoke", "speaking", _several("|".join(known.LANGUAGES))),
    _Verb("plays", "play(?: the)?", "plays(?: the)?", "played(?: the)?", "playing(?: the)?", _several("|".join(known.INSTRUMENTS_AND_GAMES))),
)  # fmt: skip


def _forms(verb: _Verb) -> Iterator[Rule]:
    """Give the rules of a verb: what holds, what began, and what is over."""

    def rule(head: str, mode: Mode) -> Rule:
        return Rule(verb.predicate, re.compile(rf"{head} "), verb.cut, mode, verb.object_is_name)

    first, third = rf"{ADVERBS} {verb.base}", rf"{ADVERBS} {verb.third}"
    yield rule(_who(first, third), "holds")
    yield rule(_who(f" no longer {verb.base}", f" no longer {verb.third}"), "ended")
    yield rule(rf"{_DO_NOT} {verb.base}(?=.*\b(?:any ?more|any longer)\b)", "ended")
    yield rule(rf"{_SUBJECT} used to {verb.base}", "ended")
    yield rule(rf"{_DID} (?:stopped|quit) {verb.ing}", "ended")
    if verb.past_ends:
        yield rule(rf"{_HAVE}{ADVERBS} (?:{verb.past}|been {verb.ing})", "began")
        yield rule(rf"{_SUBJECT}{ADVERBS} {verb.past}", "past")
        yield rule(rf"{_DID}{ADVERBS} (?:started|began) {verb.ing}", "began")
    if verb.is_continuous:
        yield rule(rf"{_AM}{ADVERBS} {verb.ing}", "holds")
        yield rule(rf"{_AM_NO_LONGER} {verb.ing}", "ended")


def _rule(
    predicate: str, head: str, cut: Cutter, mode: Mode = "holds", *, name: bool = False
) -> Rule:
    return Rule(predicate, re.compile(head), cut, mode, name)


_STATE = _one_of(
    f"{'|'.join(known.STATES)}|{known.STATE_PHRASES}",
    then=r"(?=\s*(?:$|[,.!]|(?:and|but|so|since|now|for|because|too|either|with|again|these|as)\b))",
)
RULES: tuple[Rule, ...] = (
    *(rule for verb in _VERBS for rule in _forms(verb)),
    _rule("dislikes", rf"{_DO_NOT}(?: really| actually| even)? (?:{_TASTES}) (?!.*\bany ?more\b)", _liked),
    _rule("likes", rf"{_AM}{ADVERBS} (?:a (?:big|huge|massive|great) fan of|very fond of|fond of|obsessed with|crazy about|passionate about|keen on|into) ", _liked),
    _rule("is allergic to", rf"{_AM}{ADVERBS}(?: severely| deathly| very| mildly| highly| badly| slightly)? allergic to ", _allergen),
    _rule("is allergic to", rf"{_AM_NO_LONGER} allergic to ", _allergen, "ended"),
    _rule("is allergic to", rf"{_HAVE}{ADVERBS} an? (?:severe |bad |mild |serious )?(?=\w+ allergy\b(?! to))", _one_of(r"\w+", then=r"(?= allergy)")),
    _rule("is allergic to", rf"{_HAVE}{ADVERBS} an? (?:severe |bad |mild |serious )?allergy to ", _allergen),
    _rule("is", rf"{_AM}{ADVERBS} ", _STATE),
    _rule("is", rf"{_DID}{ADVERBS} (?:been|become|became|went|gone) ", _STATE, "began"),
    _rule("is", _who(rf"(?:{_BE}) no longer| used to be| stopped being", rf"(?:{_IS}) no longer| used to be| stopped being") + " ", _STATE, "ended"),
    _rule("works as", rf"{_AM}{ADVERBS} (?=an? )", _job),
    _rule("works as", rf"{_HAVE}{ADVERBS} been (?=an? )", _job, "began"),
    _rule("works as", rf"{_SUBJECT}{ADVERBS} became (?=an? )", _job, "began"),
    _rule("works as", _who(rf"(?:{_BE}) no longer| used to be", rf"(?:{_IS}) no longer| used to be") + " (?=an? )", _job, "ended"),
    _rule("works as", rf"{_DID} (?:got|gotten|landed|started|took) a(?: new)? job as ", _job, "began"),
    _rule("works at", rf"{_DID}{ADVERBS} (?:got|gotten|landed|started|took|accepted)(?: a(?: new)?(?: \w+){{0,2}} job| a(?: new)? (?:position|role)| my new job| working)?(?: as an? [\w ]{{3,25}})? (?:at|with) ", cut_place, "began", name=True),
    _rule("works at", rf"{_DID}{ADVERBS} joined (?=[^,]* as an? )", cut_place, "began", name=True),
    _rule("works at", rf"{_DID}{ADVERBS} (?:quit|left|resigned from|lost) (?:my|our|his|her|their) (?:\w+ )?(?:job|position|role) (?:at|with) ", cut_place, "ended", name=True),
    _rule("works at", rf"{_DID}{ADVERBS} (?:resigned from|retired from|(?:was |were |been |got )(?:laid off|fired|let go) (?:from|by)) ", cut_place, "ended", name=True),
    _rule("lives in", rf"{_DID}{ADVERBS} (?:moved|relocated)(?: back| over| here| house)?(?: from [\w ,]+?)? to ", cut_place, "began", name=True),
    _rule("lives in", rf"{_DID}{ADVERBS} (?:moved|relocated)(?: here| away| out| back)? (?:from|of) ", cut_place, "ended", name=True),
    _rule("lives in", rf"(?:{_AM}) based in ", cut_place, name=True),
    _rule("is from", rf"{_AM}{ADVERBS} (?:originally )?from ", cut_place, name=True),
    _rule("is from", rf"{_SUBJECT}{ADVERBS} (?:come|comes)(?: originally)? from ", cut_place, name=True),
    _rule("grew up in", rf"{_SUBJECT}{ADVERBS} grew up in ", cut_place, name=True),
    _rule("was born in", rf"{_WAS} born (?:and raised )?in ", cut_place, name=True),
    _rule("was born in", rf"{_WAS} born (?:and raised )?in ", _one_of(r"(?:19|20)\d\d")),
    _rule("was born on", rf"{_WAS} born on (?:the )?", _one_of(r"\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Z]\w+(?:,? \d{4})?|[A-Z]\w+ \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4})?")),
    _rule("is married to", _who(rf"{_BE}|(?:['’]ve| have) been", rf"{_IS}| has been") + rf"{ADVERBS} (?:happily )?married to ", cut_name, name=True),
    _rule("is married to", rf"{_DID}{ADVERBS} (?:got )?married(?: to)? ", cut_name, "began", name=True),
    _rule("is married to", rf"{_DID}{ADVERBS} (?:divorced|separated from|got divorced from|split up with) ", cut_name, "ended", name=True),
    _rule("is engaged to", _who(rf"{_BE}| got", rf"{_IS}| got") + rf"{ADVERBS} engaged to ", cut_name, name=True),
    _rule("is dating", rf"{_AM}{ADVERBS} dating ", cut_name, name=True),
    _rule("is dating", rf"{_DID}{ADVERBS} (?:broke|broken) up with ", cut_name, "ended", name=True),
    _rule("has", rf"{_HAVE}(?: got)? ", _possession),
    _rule("is called", r"(?:[Mm]y|[Oo]ur)(?P<me>) (?:full |first |real )?name(?:['’]s| is) ", cut_name, name=True),
    _rule("is called", rf"(?:(?P<me>[Ii])(?:{_BE})|(?P<name>{NAME})(?:{_IS})) (?:called|named|known as|also known as) ", cut_name, name=True),
    _rule("is called", r"(?:[Ee]veryone|[Ee]verybody|[Pp]eople|[Mm]y friends|[Ff]riends) calls?(?P<me>) me ", cut_name, name=True),
    _rule("studies at", rf"{_AM} (?:a|an) (?:\w+ )?student at ", cut_place, name=True),
    _rule("graduated from", rf"{_DID}{ADVERBS} graduated from ", cut_place, "began", name=True),
    _rule("is aged", rf"{_AM} (?=\d{{1,3}} years old\b)", _one_of(r"\d{1,3}")),
    _rule("is chief executive of", rf"{_AM} (?:the )?(?:chief executive|CEO|chief executive officer)(?: officer)? of ", cut_place, name=True),
    _rule("is president of", rf"{_AM} (?:the )?(?:president|prime minister|chancellor) of ", cut_place, name=True),
    _rule("is based in", rf"(?P<name>{NAME}), (?:which is |a company |a firm )?based in ", cut_place, name=True),
    _rule("acquired", rf"(?P<name>{NAME}) (?:has |have )?(?:acquired|took over|taken over) ", cut_name, "began", name=True),
    _rule("founded", rf"{_DID}{ADVERBS} (?:founded|co-founded|cofounded) ", cut_place, "began", name=True),
)  # fmt: skip
