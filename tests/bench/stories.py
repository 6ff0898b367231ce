"""Stories: which of 247 real news articles are put together, and what one more article costs.

The articles are those that the questions of MultiHop-RAG cite (ODC-BY 1.0), with their titles,
sources, dates, and the passages that are quoted from them. Articles of one question need not be
of one event, so the events were labelled by one reader from all titles and dates: an event is one
happening with what belongs to it - previews, reactions, the days of a trial - and round-ups
and guides to buying, betting or playing belong to none. A pair counts where both were published
within four days. There are few such pairs, and thresholds were set with all of them in view; that
the later months do no worse than the whole is the only check on that.
"""

from __future__ import annotations

import io
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import zstandard

from bench.row import Row
from selfd_daemon.knowledge.features import features
from selfd_daemon.knowledge.grouping import WINDOW, Arrival, Grouping

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


@dataclass(frozen=True, slots=True)
class Labelled:
    """An article with the number of its event, None where it tells of none that others tell."""

    arrival: Arrival
    event: int | None


def rows(data: Path | None) -> list[Row]:
    """Measure pairs where the data sets are there, and the cost of one more article anywhere."""
    found = [] if data is None else _pairs(labelled(data / "multihop"))
    return [*found, _cost()]


def labelled(folder: Path) -> list[Labelled]:
    """Read the articles, oldest first."""
    passages = {each["id"]: each["text"] for each in _read(folder / "multihoprag_passages")}
    articles: dict[str, Mapping[str, Any]] = {}
    texts: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for query in _read(folder / "multihoprag_queries"):
        for evidence in query["evidence"]:
            articles[evidence["url"]] = evidence
            quoted = [passages[id] for id in evidence["passages"] if id in passages]
            texts[evidence["url"]].update(dict.fromkeys([*quoted, evidence["fact"]]))
    found = []
    for number, (url, article) in enumerate(articles.items()):
        at = datetime.fromisoformat(article["published_at"])
        described = features(article["title"], " ".join(sorted(texts[url], key=len)))
        event = next(
            (place for place, heads in enumerate(EVENTS) if article["title"].startswith(heads)),
            None,
        )
        found.append(Labelled(Arrival(number, at, article["title"], described), event))
    return sorted(found, key=lambda each: each.arrival.at)


def _pairs(articles: Sequence[Labelled]) -> list[Row]:
    grouping = Grouping()
    story: dict[int, int] = {}
    for each in articles:
        number = each.arrival.number
        beside = grouping.place(each.arrival).beside
        story[number] = number if beside is None else story[beside]
    right, told, true = [], [], []
    for one, other in combinations(articles, 2):
        same_event = one.event is not None and one.event == other.event
        if same_event and other.arrival.at - one.arrival.at > WINDOW:
            continue
        same_story = story[one.arrival.number] == story[other.arrival.number]
        later = other.arrival.at >= LATER
        told += [later] * same_story
        true += [later] * same_event
        right += [later] * (same_story and same_event)
    found = []
    for name, part in (("", lambda later: True), (", November on", lambda later: later)):
        hits, said, there = (sum(map(part, each)) for each in (right, told, true))
        note = f"{hits} of {{}} pairs, {len(articles)} articles"
        precision, recall = hits / max(said, 1), hits / max(there, 1)
        found += [
            Row(f"stories, precision{name}", precision, "", 0.90, "higher", note.format(said)),
            Row(f"stories, recall{name}", recall, "", 0.70, "higher", note.format(there)),
        ]
    return found


def _cost() -> Row:
    """Time the last thousand of many articles, all of one hour, with words from one vocabulary."""
    grouping, start = Grouping(), datetime(2026, 11, 1, tzinfo=UTC)
    begun = 0.0
    for number in range(CROWD):
        if number == CROWD - 1000:
            begun = time.process_time()
        words = [f"w{(number * 7919 + place * place * 31) % 9973}" for place in range(60)]
        described = features(" ".join(words[:8]), " ".join(words))
        at = start + timedelta(seconds=number / 10)
        grouping.place(Arrival(number, at, " ".join(words[:8]), described))
        if number % 64 == 0:
            grouping.prune()
    spent = (time.process_time() - begun) / 1000
    return Row("stories, one more article", spent * 1000, "ms", None, "lower", f"after {CROWD:,}")


def _read(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.with_suffix(".jsonl.zst").open("rb") as file:
        plain = zstandard.ZstdDecompressor().stream_reader(file)
        yield from map(json.loads, io.TextIOWrapper(plain, "utf-8"))
