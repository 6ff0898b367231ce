"""Stories: which of 247 real news articles are put together, and what one more article costs.

The articles are those of `multihop_news`. 644 pairs of them were labelled as one event or not
before any grouping was run (`story_pairs`, docs/lab/0015), and the labels stay as they are. Two
articles that are put together without having been labelled count as a mistake. Articles before
November are for choosing thresholds; those after decide.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

from bench.multihop_news import News, news
from bench.row import Row
from bench.story_pairs import APART
from selfd_daemon.knowledge.features import Embed, features, gist
from selfd_daemon.knowledge.grouping import Arrival, Grouping
from selfd_models.embedding.embedder import Embedder

LATER = datetime(2023, 11, 1, tzinfo=UTC)
CROWD = 20_000  # articles, for the cost of one more
LABELS = Path(__file__).parent / "samples" / "story_labels.csv"


def rows(data: Path | None) -> list[Row]:
    """Measure pairs where the data sets are there, and the cost of one more article anywhere."""
    embed = Embedder.load().embed
    found: list[Row] = []
    if data is not None:
        articles, labels = news(data / "multihop"), read_labels()
        story = grouped(arrivals(articles, embed))
        early = [each for each in articles if each.at < LATER]
        late = [each for each in articles if each.at >= LATER]
        found += _rows(", to choose by", early, labels, story, decides=False)
        found += _rows("", late, labels, story, decides=True)
        by_words = grouped(arrivals(articles, None))
        found += _rows(", words alone", late, labels, by_words, decides=False)
    return [*found, _cost(embed)]


def read_labels() -> dict[frozenset[int], bool]:
    """Return which pairs of articles tell of one event."""
    with LABELS.open(encoding="utf-8") as file:
        return {
            frozenset((int(row["one"]), int(row["other"]))): row["same"] == "1"
            for row in csv.DictReader(file)
        }


def arrivals(articles: Sequence[News], embed: Embed | None) -> list[Arrival]:
    """Describe the articles as they are grouped, oldest first."""
    found = []
    for each in articles:
        meaning = None if embed is None else embed([gist(each.title, each.text)])[0]
        described = features(each.title, each.text, meaning)
        found.append(Arrival(each.number, each.at, each.title, described))
    return found


def measured(
    articles: Sequence[News], labels: Mapping[frozenset[int], bool], story: Mapping[int, int]
) -> tuple[int, int, int]:
    """Count pairs that are rightly together, that are together, and that should be."""
    hits = said = there = 0
    for one, other in combinations(articles, 2):
        same_event = labels.get(frozenset((one.number, other.number)), False)
        is_near = other.at - one.at <= APART
        same_story = story[one.number] == story[other.number] and is_near
        hits += same_event and same_story
        said += same_story
        there += same_event
    return hits, said, there


def _rows(
    name: str,
    articles: Sequence[News],
    labels: Mapping[frozenset[int], bool],
    story: Mapping[int, int],
    *,
    decides: bool,
) -> list[Row]:
    hits, said, there = measured(articles, labels, story)
    low = (0.90, 0.70) if decides else (None, None)
    precision, recall = hits / max(said, 1), hits / max(there, 1)
    note = f"{hits} of {{}} pairs, {len(articles)} articles"
    return [
        Row(f"stories, precision{name}", precision, "", low[0], "higher", note.format(said)),
        Row(f"stories, recall{name}", recall, "", low[1], "higher", note.format(there)),
    ]


def grouped(articles: Sequence[Arrival]) -> dict[int, int]:
    """Return the story of each article, one after the other as they came."""
    grouping = Grouping()
    story: dict[int, int] = {}
    for each in articles:
        beside = grouping.place(each).beside
        story[each.number] = each.number if beside is None else story[beside]
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
