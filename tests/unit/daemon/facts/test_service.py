"""The graph in use: what is remembered can be asked for, as it was then, until forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.background import in_background
from selfd_daemon.facts.service import FactService
from selfd_daemon.facts.verification import Proposal
from selfd_graphql import RelationInfo, ServiceError
from selfd_storage import MemoryRecord, NewArticle, NewMemory, PollOutcome, Store
from support.storage import ANY_ROOM

pytestmark = pytest.mark.anyio


def day(month: int, number: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as opened:
        yield opened


@pytest.fixture
async def facts(store: Store) -> AsyncIterator[FactService]:
    service = FactService(store)
    async with in_background(service.run(), "facts"):
        yield service


async def known(
    facts: FactService, name: str, as_of: datetime | None = None
) -> list[tuple[str, str, str]]:
    return [(each.subject, each.predicate, each.object) for each in await told(facts, name, as_of)]


async def told(facts: FactService, name: str, as_of: datetime | None = None) -> list[RelationInfo]:
    entity = await facts.entity(name)
    return [] if entity is None else list(await facts.relations(entity, first=20, as_of=as_of))


async def test_what_is_remembered_can_be_asked_for_at_once(
    store: Store, facts: FactService
) -> None:
    await store.memories.add(NewMemory("I'm allergic to peanuts."))
    assert await known(facts, "me") == [("me", "is allergic to", "peanuts")]
    assert await known(facts, "User") == [("me", "is allergic to", "peanuts")]
    assert await known(facts, "Peanuts") == [("me", "is allergic to", "peanuts")]
    assert await facts.entity("Zoe") is None


async def test_a_newer_fact_closes_the_older_and_the_past_can_be_asked(
    store: Store, facts: FactService
) -> None:
    await store.memories.add(NewMemory("Maya lives in Berlin.", at=day(1)))
    await store.memories.add(NewMemory("Maya moved to Lisbon in March.", at=day(4)))
    now = await told(facts, "maya")
    assert [(each.object, each.valid_from, each.valid_to) for each in now] == [
        ("Lisbon", day(3), None),
        ("Berlin", day(1), day(3)),
    ]
    assert [hit.text for hit in now[1].sources] == [
        "Maya lives in Berlin.",
        "Maya moved to Lisbon in March.",
    ]
    assert [each.object for each in await told(facts, "Maya", day(2))] == ["Berlin"]
    assert [each.object for each in await told(facts, "Maya", day(5))] == ["Lisbon"]
    assert await told(facts, "Maya", day(1).replace(year=2020)) == []


async def test_forgetting_what_closed_a_fact_opens_it_again(
    store: Store, facts: FactService
) -> None:
    await store.memories.add(NewMemory("Maya lives in Berlin.", at=day(1)))
    newer = await store.memories.add(NewMemory("Maya moved to Lisbon.", at=day(4)))
    assert len(await told(facts, "Maya")) == 2
    await store.memories.forget(newer.id)
    (berlin,) = await told(facts, "Maya")
    assert (berlin.object, berlin.valid_to) == ("Berlin", None)
    assert await facts.entity("Lisbon") is None


async def test_a_name_leads_to_what_it_is_also_called(store: Store, facts: FactService) -> None:
    await store.memories.add_many(
        [NewMemory("My name is Nils."), NewMemory("I live in Oslo."), NewMemory("We met Nils.")]
    )
    assert ("me", "lives in", "Oslo") in await known(facts, "nils")
    entity = await facts.entity("nils")
    assert entity is not None
    assert entity.mentions == 3


async def test_an_object_is_an_entity_too(store: Store, facts: FactService) -> None:
    await store.memories.add(NewMemory("Our daughter is called Ana."))
    assert await known(facts, "ana") == [("me", "has daughter", "Ana")]


async def test_articles_and_memories_meet_in_one_entity(store: Store, facts: FactService) -> None:
    feed = await store.feeds.add(url="https://example.org/feed", title="News")
    text = "Shares fell on Monday. Mary Barra, CEO of General Motors, resigned."
    news = NewArticle("g", "Change at the top", None, "", text, day(2))
    await store.feeds.record_poll(feed.id, PollOutcome(day(2), day(2)), [news])
    await store.memories.add(NewMemory("Yesterday we talked about Mary Barra."))
    entity = await facts.entity("mary barra")
    assert entity is not None
    assert entity.mentions == 2
    (post,) = await told(facts, "General Motors")
    assert (post.subject, post.predicate) == ("Mary Barra", "is chief executive of")
    assert post.sources[0].item.id == "article:1"
    assert post.sources[0].via == ("graph",)


async def test_what_selfd_or_another_machine_wrote_states_nothing(
    store: Store, facts: FactService
) -> None:
    await store.memories.add(NewMemory("I live in Oslo.", kind="REFLECTION"))
    await store.memories.add(NewMemory("I live in Rome.", source="assistant"))
    assert await facts.entity("me") is None


async def test_an_edited_memory_states_what_it_says_now(store: Store, facts: FactService) -> None:
    memory = await store.memories.add(NewMemory("I live in Oslo."))
    assert await known(facts, "me") == [("me", "lives in", "Oslo")]
    await store.memories.update(memory.id, text="I live in Bergen.")
    assert await known(facts, "me") == [("me", "lives in", "Bergen")]


async def test_a_mind_can_only_add_what_the_words_say(store: Store, facts: FactService) -> None:
    memory = await store.memories.add(NewMemory("Tom repairs clocks in Ghent."))
    proposals = [Proposal("Tom", "repairs", "clocks"), Proposal("Tom", "repairs", "cars")]
    kept = await facts.propose(memory.id, proposals)
    assert [each.object for each in kept] == ["clocks"]
    (found,) = await told(facts, "Tom")
    assert (found.object, found.sources[0].text) == ("clocks", "Tom repairs clocks in Ghent.")
    assert await facts.propose("memory:99", proposals) == []
    await store.memories.forget(memory.id)
    assert await facts.entity("Tom") is None


async def test_an_empty_name_is_refused(facts: FactService) -> None:
    with pytest.raises(ServiceError, match="the name is empty"):
        await facts.entity("  ")


async def test_what_was_remembered_before_the_start_is_read_after_it(
    tmp_path: Path, store: Store
) -> None:
    record: MemoryRecord = await store.memories.add(NewMemory("I live in Oslo."))
    service = FactService(store)
    async with in_background(service.run(), "facts"):
        assert await known(service, "me") == [("me", "lives in", "Oslo")]
    again = FactService(store)
    async with in_background(again.run(), "facts"):
        (found,) = await told(again, "me")
        assert [hit.item.id for hit in found.sources] == [record.id]
