"""A daemon that is killed in the middle of polling loses no article and stores none twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from selfd_storage import ArticleRecord, Store
from support.feed_pages import item, rss
from support.feed_service import running_feeds
from support.web import LocalWeb, Reply

pytestmark = pytest.mark.anyio
FEEDS, ITEMS, KILLS = 30, 8, 3

POLL = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.feed_service import running_feeds

async def main():
    async with running_feeds(Path(sys.argv[1])) as running:
        print("polling", flush=True)
        await running.poll()
        print("done", flush=True)

asyncio.run(main())
"""


async def test_kill_9_while_polling_loses_nothing_and_stores_nothing_twice(
    web: LocalWeb, tmp_path: Path
) -> None:
    for number in range(FEEDS):
        items = [item(f"{number}-{place}") for place in range(ITEMS)]
        web.serve(f"/{number}", Reply(headers={"ETag": '"1"'}, body=rss(f"Feed {number}", items)))
    async with running_feeds(tmp_path) as running:
        for number in range(FEEDS):
            await running.store.feeds.add(url=web.url(f"/{number}"), title="")
    tests = str(Path(__file__).parents[2])
    for kill in range(KILLS):
        before = len(web.log)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", POLL, str(tmp_path), tests, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(60):
            while len(web.log) < before + 5 + 4 * kill:  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
        assert process.stdout is not None
        assert b"done" not in await process.stdout.read(), "killed too late to show anything"
    async with running_feeds(tmp_path) as running:
        await running.jobs.resume()
        async with asyncio.timeout(60):
            await running.poll()
        feeds = await running.service.all()
        titles = [article.title for article in await every_article(running.store)]
    assert [feed.article_count for feed in feeds] == [ITEMS] * FEEDS
    assert len(titles) == len(set(titles)) == FEEDS * ITEMS


async def every_article(store: Store) -> list[ArticleRecord]:
    found: list[ArticleRecord] = []
    after = None
    while True:
        page = await store.articles.page(first=100, after=after)
        found += page.items
        if not page.has_next:
            return found
        after = page.cursors[-1]
