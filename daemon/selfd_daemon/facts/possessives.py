"""What is somebody's, by name: their relatives and animals, their attributes, their favourites."""

# ruff: noqa: E501 - a table is read best with a rule a line

from __future__ import annotations

import re

from selfd_daemon.facts import vocabulary as known
from selfd_daemon.facts.phrases import NAME, thing

_QUALITY = "|".join(known.RELATIVE_QUALITIES)
_RELATIVE = "|".join(sorted(known.RELATIVES, key=len, reverse=True))
_OWNER = rf"(?:(?P<me>[Mm]y|[Oo]ur)|(?P<name>{NAME})['’]s)"
_KIN = rf"{_OWNER} (?P<quality>(?:(?:{_QUALITY})[ -])*)(?P<relative>{_RELATIVE})"

# Each gives an owner, a relative and the relative's name.
KIN: tuple[re.Pattern[str], ...] = (
    re.compile(rf"{_KIN} (?:is|was) (?:called|named) (?P<kin>{NAME})"),
    re.compile(rf"{_KIN}(?:['’]s)? name (?:is|was) (?P<kin>{NAME})"),
    re.compile(rf"(?:[Ww]e|[Ii]) (?:named|called) (?P<me>my|our) (?:new )?(?P<quality>)(?:(?:{_QUALITY})[ -])*(?P<relative>{_RELATIVE}) (?P<kin>{NAME})"),
    re.compile(rf"(?P<kin>{NAME}) is (?P<me>my) (?P<quality>(?:(?:{_QUALITY})[ -])*)(?P<relative>{_RELATIVE})(?=\s*(?:[.,!]|$|and\b|but\b))"),
    re.compile(rf"(?:[Ii]|[Ww]e)(?P<me>)(?:['’]ve| have)(?: got)? (?:an?|one|another)(?: \w+)? (?P<quality>)(?P<relative>{_RELATIVE}) (?:called|named) (?P<kin>{NAME})"),
    re.compile(rf"(?:[Ii]|[Ww]e)(?P<me>) (?:just |recently |finally )?(?:got|adopted|bought|have) (?:an?|another)(?: \w+)? (?P<quality>)(?P<relative>{_RELATIVE}) (?:called|named) (?P<kin>{NAME})"),
)  # fmt: skip
# Anywhere in a clause: `I met my friend Tom`.
KIN_ANYWHERE = re.compile(
    rf"(?<![\w])(?:(?P<me>[Mm]y|[Oo]ur)|(?P<name>{NAME})['’]s) (?P<quality>(?:(?:{_QUALITY})[ -])*)(?P<relative>{_RELATIVE})(?: (?P<kin>{NAME})|, (?P<aside>{NAME}),)"
)
KIN_DIED = re.compile(
    rf"{_KIN},? (?P<kin>{NAME}),? (?:has |sadly |just |recently )*(?:died|passed away)\b"
)

# `My X is Y`, where one person has one X.
ATTRIBUTE = re.compile(
    rf"{_OWNER} (?:new |current )?(?P<attribute>{known.ATTRIBUTES})(?:['’]s| is)(?: now| on| in| the)* (?P<value>[^,;!?]+?)"
    r"(?=\s*(?:$|[,;!]|\.(?:\s|$)|(?:and|but|so|now|since)\b))"
)
FAVOURITE = re.compile(
    rf"(?:{_OWNER} favou?rite (?P<kind>[a-z][\w-]*(?: [a-z][\w-]+){{0,2}}?)(?: (?:of all time|ever|right now|these days))? (?:is|are) )"
    rf"|(?:(?P<value>[\w'’-]+(?: [\w'’-]+){{0,3}}) (?:is|are) (?:(?P<me2>my)|(?P<name2>{NAME})['’]s) favou?rite (?P<kind2>[a-z][\w-]*(?: [a-z][\w-]+)?)(?=\s*(?:$|[.,!])))"
)


def value_of_attribute(text: str) -> str | None:
    """Return what an attribute is, None where it is no value."""
    value = text.strip(" .")
    is_number = value[:1].isdigit() and len(value) <= 80
    return value if is_number or (len(value) <= 80 and thing(value, article=True)) else None
