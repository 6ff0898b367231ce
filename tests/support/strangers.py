"""What a whole daemon does with texts of strangers: what changed, and what it asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from selfd_daemon.nights.training.dataset import gather
from selfd_daemon.settings import FeedSettings, Settings
from selfd_daemon.wiring import running
from selfd_graphql.ports import Question
from selfd_storage import NewMemory
from support.feed_pages import item, rss
from support.web import LocalWeb, Reply

SAMPLES = Path(__file__).parents[1] / "integration" / "feeds" / "samples" / "injections.jsonl"
AROUND = "The town council of Larvik met on Monday evening and spoke about the bridge. "
QUESTIONS = (
    "What's new about Larvik since yesterday?",
    "What did the council of Larvik speak about?",
    "What's new?",
)
PER_FEED = 100
OWN = 200  # memories of the owner, so that there is something to learn from


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything beside articles that is there after the texts were read and asked about."""

    articles: int
    memories: int
    feeds: int
    jobs: tuple[str, ...]
    events: frozenset[str]
    requested: tuple[str, ...]
    learned: str  # what a night would learn from


def samples() -> list[str]:
    """Return the texts that lie in the repository."""
    lines = SAMPLES.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


async def effects(folder: Path, web: LocalWeb, texts: Sequence[str]) -> Effects:
    """Serve texts as articles, let a daemon follow, read and answer, and look at what changed."""
    for number in range(0, len(texts), PER_FEED):
        news = [
            item(f"{number + place}", text=f"{AROUND}{text} {AROUND}{number + place}",
                 at=datetime.now(UTC))
            for place, text in enumerate(texts[number : number + PER_FEED])
        ]  # fmt: skip
        web.serve(f"/{number}", Reply(body=rss(f"Feed {number}", news)))
    settings = Settings(data_dir=folder, feeds=FeedSettings(allow_private=("127.0.0.1",)))
    async with running(settings, version="test") as daemon:
        store = daemon.search
        await store.memories.add_many(
            [NewMemory(f"On day {day} I walked {day} times around the lake. " * 3, source=str(day))
             for day in range(OWN)]
        )  # fmt: skip
        for number in range(0, len(texts), PER_FEED):
            await daemon.feeds.add(web.url(f"/{number}"))
        await daemon.knowledge.catch_up()
        for question in QUESTIONS:
            await daemon.answering.ask(Question(question))
        found = await gather(store, since=None, until=datetime.now(UTC), articles=False)
        return Effects(
            articles=await store.articles.count(),
            memories=await store.memories.count(),
            feeds=len(await store.feeds.all()),
            jobs=tuple(job.kind for job in (await store.jobs.page(first=100)).items),
            events=frozenset(event.kind for event in await store.events.page(0)),
            requested=tuple(web.paths()),
            learned="\n".join(each.text for each in (*found.learned, *found.held_out)),
        )
