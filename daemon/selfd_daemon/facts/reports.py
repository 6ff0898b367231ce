"""What an article states: who holds which post, and the few rules that hold for strangers, too.

A post stands beside a name, as in `Tim Cook, chief executive of Apple, said`: the writer vouches
for it, whoever is quoted in that sentence. What is within quotation marks is left out.
"""

# ruff: noqa: E501 - a pattern a line

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from selfd_daemon.answering.retrieval.sentences import sentences
from selfd_daemon.facts.clauses import QUOTED
from selfd_daemon.facts.phrases import NAME, is_name
from selfd_daemon.facts.reading import LONGEST_QUOTE, MOST, read_statements
from selfd_daemon.facts.vocabulary import NO_NAMES
from selfd_storage import NewStatement

LONGEST_TEXT = 20_000  # characters that are read
_OF_STRANGERS = frozenset(
    {"acquired", "founded", "is based in", "was born in", "is married to", "graduated from"}
)
_POSTS = (
    r"chief executive(?: officer)?|CEO|chief financial officer|CFO|chief technology officer|CTO"
    r"|president|vice president|prime minister|chancellor|chair(?:man|woman|person)?|founder"
    r"|co-founder|managing director|head coach|mayor|governor"
)
_SAME = {"ceo": "chief executive", "chief executive officer": "chief executive",
         "cfo": "chief financial officer", "cto": "chief technology officer",
         "chairman": "chair", "chairwoman": "chair", "chairperson": "chair"}  # fmt: skip
_IN_LIST = re.compile(r"\b(?:firm|chair\w*|member|head|director|president) of (?:the )?$")
_NATIONALITY = re.compile(r"^(?:\w+(?:ese|ish|ian)|French|German|Greek|Dutch|US|UK|Iraqi|Israeli)$")
_PATTERNS = (
    re.compile(rf"(?<![\w-])(?P<name>{NAME}), (?:the |its |a )?(?P<post>{_POSTS}) (?:of|at) (?:the )?(?P<of>{NAME})"),
    re.compile(rf"(?P<name>{NAME}) is (?:the |a )?(?P<post>{_POSTS}) of (?:the )?(?P<of>{NAME})"),
    re.compile(rf"(?<!former )(?<![\w-])(?P<of>{NAME})(?:['’]s)? (?P<post>{_POSTS}) (?P<name>{NAME})(?=,? [a-z]|[,.])"),
)  # fmt: skip


def read_report(text: str, at: datetime) -> list[NewStatement]:
    """Return what an article, published at a moment, states; each quote is its very words."""
    found: dict[tuple[str, str, str], NewStatement] = {}
    for each in (*_posts(text[:LONGEST_TEXT]), *read_statements(text[:LONGEST_TEXT], at)):
        is_post = each.predicate.endswith(" of") and each.predicate.startswith("is ")
        if is_post or (each.predicate in _OF_STRANGERS and " " in each.subject):
            found.setdefault((each.subject, each.predicate, each.object), each)
    return list(found.values())[:MOST]


def _posts(text: str) -> Iterator[NewStatement]:
    quoted = [match.span() for match in QUOTED.finditer(text)]
    for sentence in sentences(text):
        if sentence.text.endswith("?") or len(sentence.text) > LONGEST_QUOTE:
            continue
        for pattern in _PATTERNS:
            for found in pattern.finditer(sentence.text):
                place = sentence.start + found.start()
                inside = any(start <= place < end for start, end in quoted)
                name = re.sub(r"['’]s$", "", found["name"])
                of = re.sub(r"['’]s$", "", found["of"])
                if _IN_LIST.search(sentence.text[: found.start()]) or "&" in name:
                    continue  # `chair of Acme Nurses, president of the club`
                if inside or not (_is_whole(name) and _is_whole(of)) or " " not in name:
                    continue
                post = _SAME.get(found["post"].lower(), found["post"].lower())
                yield NewStatement(name, f"is {post} of", of, True, sentence.text)


def _is_whole(name: str) -> bool:
    """Tell whether a name is one, and no end of a sentence, headline or adjective beside it."""
    parts = name.split()
    joined = any(part.lower() in NO_NAMES or (part.isupper() and len(part) > 5) for part in parts)
    joined = joined or "'s " in name or "’s " in name
    return is_name(name) and not joined and not _NATIONALITY.search(name)
