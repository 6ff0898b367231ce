"""Stories: which of 247 real news articles are put together, and what one more article costs.

The articles are those of `multihop_news`. Articles of one question need not be
of one event, so the events were labelled by one reader: an event is one happening with what belongs
to it - previews, reactions, the days of a trial - and round-ups and guides to buying, betting or
playing belong to none. A pair counts where both were published within four days.

They were labelled twice: from titles and dates alone, and then pair by pair from what the grouping
sees, too, the 95 likeliest pairs in random order and without their scores. The second reading found
two more (`READ`). Thresholds were chosen by the articles before November; those after are held out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

from bench.multihop_news import news
from bench.row import Row
from selfd_daemon.knowledge.features import Embed, features, gist
from selfd_daemon.knowledge.grouping import WINDOW, Arrival, Grouping
from selfd_models.embedding import Embedder

LATER = datetime(2023, 11, 1, tzinfo=UTC)
CROWD = 20_000  # articles, for the cost of one more
# How the titles of an event begin, as far as it tells them apart.
EVENTS = (
    ("The Steam Deck OLED improves", "The Steam Deck OLED arrives", "Steam Deck OLED review"),
    (
        "OpenAI's ex-chairman accuses",
        "Sam Altman ousted",
        "WTF is going on at OpenAI",
        "A timeline of Sam Altman",
        "How the OpenAI fiasco",
    ),
    ("Epic v. Google, explained", "What to know about Fortnite", "The Epic v. Google trial"),
    (
        "The FTX trial is bigger",
        "SBF’s trial starts soon",
        "Is Sam Bankman-Fried a bad",
        "Sex, Signal messages",
        "SBF Trial: The latest",
        "Today the FTX jury",
        "Sam Bankman-Fried was a terrible",
        "How is it still getting worse",
    ),
    ("In the end, the FTX trial", "The jury finally hears", "Sam Bankman-Fried didn’t ask"),
    ("Jada Pinkett Smith and Will", "Jada Pinkett Smith reveals"),
    ("Taylor Swift is Time’s", "Taylor Swift reveals secret"),
    ("When pop culture and sport", "Fans spot Travis Kelce"),
    ("Watch Argentina vs Paraguay", "Argentina vs Paraguay live"),
    ("Man United vs Chelsea head", "Man United vs Chelsea final"),
    ("Michigan didn't need Jim", "Michigan sign-stealing scandal winners"),
    ("&#039;Massive intel failure", "Gen Z just saw the worst war"),
    ("From Justin Timberlake to Sam", "Britney Spears and Kevin", "‘I was being ritually"),
    ("Legacy vs ego: The Springboks", "THE GREATEST! Boks beat"),
)
# What the texts tell besides: the week in review is about Gemini, the permutations about the match.
READ = (
    ("Early impressions of Google’s Gemini", "Google fakes an AI demo"),
    ("Champions League permutations", "Manchester United out of Europe"),
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article with the number of its event, None where it tells of none that others tell.

    `title_event` is the same as far as titles and dates tell.
    """

    arrival: Arrival
    event: int | None
    title_event: int | None


def rows(data: Path | None) -> list[Row]:
    """Measure pairs where the data sets are there, and the cost of one more article anywhere."""
    embed = Embedder.load().embed
    found = []
    if data is not None:
        found = _pairs(labelled(data / "multihop", embed), "")
        found += _pairs(labelled(data / "multihop", None), ", words alone")
    return [*found, _cost(embed)]


def labelled(folder: Path, embed: Embed | None) -> list[Labelled]:
    """Read the articles, oldest first."""
    found = []
    for each in news(folder):
        meaning = None if embed is None else embed([gist(each.title, each.text)])[0]
        described = features(each.title, each.text, meaning)
        arrival = Arrival(each.number, each.at, each.title, described)
        found.append(
            Labelled(arrival, _event(each.title, EVENTS + READ), _event(each.title, EVENTS))
        )
    return found


def _event(title: str, events: Sequence[Sequence[str]]) -> int | None:
    heads = (place for place, heads in enumerate(events) if title.startswith(tuple(heads)))
    return next(heads, None)


def _pairs(articles: Sequence[Labelled], how: str) -> list[Row]:
    """Measure all pairs, those held out, and all by the labels of titles."""
    story = _placed(articles)
    late = [each for each in articles if each.arrival.at >= LATER]
    early = [each for each in articles if each.arrival.at < LATER]
    found = _rows(how, articles, story, budget=True)
    if not how:
        found += _rows(", chosen by", early, story, budget=False)
        found += _rows(", held out", late, story, budget=True)
        by_titles = [replace(each, event=each.title_event) for each in articles]
        found += _rows(", labels of titles", by_titles, story, budget=False)
    return found


def _rows(
    name: str, articles: Sequence[Labelled], story: Mapping[int, int], *, budget: bool
) -> list[Row]:
    hits = said = there = 0
    for one, other in combinations(articles, 2):
        same_event = one.event is not None and one.event == other.event
        if same_event and other.arrival.at - one.arrival.at > WINDOW:
            continue
        same_story = story[one.arrival.number] == story[other.arrival.number]
        hits += same_event and same_story
        said += same_story
        there += same_event
    precision, recall = hits / max(said, 1), hits / max(there, 1)
    low = (0.90, 0.70) if budget else (None, None)
    note = f"{hits} of {{}} pairs, {len(articles)} articles"
    return [
        Row(f"stories, precision{name}", precision, "", low[0], "higher", note.format(said)),
        Row(f"stories, recall{name}", recall, "", low[1], "higher", note.format(there)),
    ]


def _placed(articles: Sequence[Labelled]) -> dict[int, int]:
    """Return the story of each article, one after the other as they came."""
    grouping = Grouping()
    story: dict[int, int] = {}
    for each in articles:
        number = each.arrival.number
        beside = grouping.place(each.arrival).beside
        story[number] = number if beside is None else story[beside]
    return story


def _cost(embed: Embed) -> Row:
    """Time the last thousand of many articles, all of one hour, with words from one vocabulary."""
    grouping, start = Grouping(), datetime(2026, 11, 1, tzinfo=UTC)
    begun = 0.0
    for number in range(CROWD):
        if number == CROWD - 1000:
            begun = time.process_time()
        words = [f"w{(number * 7919 + place * place * 31) % 9973}" for place in range(60)]
        title, text = " ".join(words[:8]), " ".join(words)
        described = features(title, text, embed([gist(title, text)])[0])
        at = start + timedelta(seconds=number / 10)
        grouping.place(Arrival(number, at, title, described))
        if number % 64 == 0:
            grouping.prune()
    spent = (time.process_time() - begun) / 1000
    return Row("stories, one more article", spent * 1000, "ms", None, "lower", f"after {CROWD:,}")
