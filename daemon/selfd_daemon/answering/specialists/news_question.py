"""Questions for news: about what, and since when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from selfd_storage.language.cues import span_of
from selfd_storage.language.lexicon import STOP_WORDS, words
from selfd_storage.language.stems import stem
from selfd_storage.times import from_ms

USUAL = timedelta(days=7)  # that news are asked of where a question does not say

_COUNTS = {"a": 1, "an": 1, "one": 1, "couple of": 2, "two": 2, "few": 3, "three": 3, "four": 4}
_HOURS = {"hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 30}
_BACK = re.compile(
    r"\b(?:in |over |during |of |for |from )?the (?:last|past)"
    rf"(?: (\d{{1,3}}|{'|'.join(_COUNTS)}))? (hour|day|week|month)s?\b"
)
_SINCE = re.compile(
    r"\b(?:since|after|from|of|on|in|over|during)?(?: the)? ?(?:(?:last|this|past) )?"
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today|last night|week|month|year"
    r"|(?:\w+ (?:day|week|month|year)s? ago)|\d{4}-\d{2}-\d{2}"
    r"|\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* \d{1,2}(?:st|nd|rd|th)?\b)"
    r"(?: \d{4})?"
)
# What asks for news whatever the rest is; and what does where it also says since when.
_NEWS = re.compile(
    r"\bwhat(?:['’]s| is| are| has been)? (?:the )?(?:new|news|latest|headlines)\b"
    r"|\b(?:any|the|some|latest|recent) (?:\w+ )?(?:news|headlines|updates?|developments?)\b"
    r"|\bnews (?:about|on|of|from|regarding|concerning)\b|\bcatch me up\b|\bin the news\b"
    r"|^news\b|^headlines\b|\bwhat do the (?:papers|feeds|news) say\b|\banything new\b"
)
_HAPPENED = re.compile(
    r"\bwhat(?:['’]s| is| has| have)? (?:been )?(?:happen(?:ed|ing|s)?|going on|changed)\b"
)
_ASKING = STOP_WORDS | {
    *("new", "news", "latest", "recent", "recently", "lately", "update", "updates", "headlines"),
    *("happened", "happening", "happen", "happens", "going", "changed", "tell", "catch", "show"),
    *("regarding", "concerning", "anything", "developments", "development", "since", "please"),
    *("papers", "feeds", "say", "give", "know", "want", "like"),
}


@dataclass(frozen=True, slots=True)
class NewsQuestion:
    """What is asked for: `topic` as it is searched for, "" where everything is.

    `is_certain` is False where it may be a question about something else than the news.
    """

    topic: str
    terms: frozenset[str]
    since: datetime
    is_certain: bool


def read_news_question(text: str, now: datetime) -> NewsQuestion | None:
    """Read a question for news as it was put at the moment `now`; None where it is none."""
    lower = text.lower()
    is_news = _NEWS.search(lower) is not None
    since = _since(lower, now)
    if not is_news and (since is None or _HAPPENED.search(lower) is None):
        return None
    bare = _SINCE.sub(" ", _BACK.sub(" ", lower))
    topic = [word for word in words(bare) if word not in _ASKING]
    return NewsQuestion(
        " ".join(topic),
        frozenset(stem(word) for word in topic),
        now - USUAL if since is None else since,
        is_news,
    )


def _since(lower: str, now: datetime) -> datetime | None:
    """Return the moment that a question begins at, None where it does not say."""
    if found := _BACK.search(lower):
        count = found[1] or "one"
        hours = _HOURS[found[2]] * (_COUNTS[count] if count in _COUNTS else int(count))
        return now - timedelta(hours=hours)
    span = span_of(lower, now)
    return None if span is None else from_ms(span.start)
