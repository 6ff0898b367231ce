"""What a night learns from: own words, held out by document and time, without what is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from selfd_daemon.jobs import NothingToDoError
from selfd_daemon.nights.training.dataset import Passage, gather, split
from selfd_storage import NewArticle, NewChunk, NewDocument, NewMemory, PollOutcome, Store

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def passages(count: int, size: int = 1000) -> list[Passage]:
    return [
        Passage(
            f"document {at}", START + timedelta(days=at), FAR, "x" * size, (f"memory:{at + 1}",)
        )
        for at in range(count)
    ]


async def remember(
    store: Store, day: int, words: str = "walked by the river", times: int = 60
) -> None:
    texts = [
        f"On day {day}, {words}, and saw {n} herons and {n * day} ducks." for n in range(times)
    ]
    await store.memories.add_many(
        [NewMemory(text, "NOTE", (), "diary", START + timedelta(days=day)) for text in texts]
    )


async def filled(store: Store) -> None:
    for day in range(8):
        await remember(store, day)


def test_whole_documents_are_held_out_and_the_newest_are_among_them() -> None:
    found = split(passages(40), FAR)
    groups = {each.group for each in found.learned}
    held = {each.group for each in found.held_out}
    assert not groups & held
    assert groups | held == {f"document {at}" for at in range(40)}
    assert {"document 39", "document 38"} <= held
    assert any(int(group.split()[1]) < 35 for group in held), "some by name, too"


def test_the_split_depends_on_the_documents_and_not_on_their_order() -> None:
    one, other = split(passages(40), FAR), split(passages(40)[::-1], FAR)
    assert one == other
    assert one.hash == other.hash
    assert split(passages(41), FAR).hash != one.hash


async def test_what_was_forgotten_is_never_in_it(store: Store) -> None:
    await filled(store)
    before = await gather(store, since=None, until=FAR, articles=False)
    gone = before.items[0]
    await store.memories.forget(gone)
    after = await gather(store, since=None, until=FAR, articles=False)
    assert gone not in after.items
    assert after.hash != before.hash


async def test_only_what_came_after_the_last_night_is_new(store: Store) -> None:
    await filled(store)
    newest = (await store.memories.page(first=1)).items[0].recorded_at
    with pytest.raises(NothingToDoError, match=r"there are 0\.0 kB of new text"):
        await gather(store, since=newest, until=FAR, articles=False)


async def test_files_and_reflections_and_articles_are_told_apart(store: Store) -> None:
    await filled(store)
    await store.memories.add(NewMemory("A reflection of selfd's own.", "REFLECTION"))
    chunks = [NewChunk(f"A line of a file, number {n}. " * 40, n, n) for n in range(1, 20)]
    document = NewDocument("/notes/a.txt", "text/plain", 9, b"\x01" * 16, START, chunks)
    await store.documents.put(document)
    feed = await store.feeds.add(url="https://example.org/feed", title="Example")
    article = NewArticle("g", "News", None, "", "A stranger's words. " * 300, START)
    await store.feeds.record_poll(feed.id, PollOutcome(START, START), [article])
    own = await gather(store, since=None, until=FAR, articles=False)
    everything = await gather(store, since=None, until=FAR, articles=True)
    text = "".join(each.text for each in (*own.learned, *own.held_out))
    assert "A line of a file" in text
    assert "A reflection" not in text
    assert "stranger" not in text
    assert "stranger" in "".join(each.text for each in (*everything.learned, *everything.held_out))


async def test_too_little_text_is_said_so(store: Store, tmp_path: Path) -> None:
    await remember(store, 1, times=3)
    with pytest.raises(NothingToDoError, match="a night needs some 16"):
        await gather(store, since=None, until=FAR, articles=False)
