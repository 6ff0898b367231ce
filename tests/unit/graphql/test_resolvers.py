"""What resolvers hand to the services, and how they show what comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any, get_args

import pytest

import selfd_graphql
import selfd_storage
from selfd_graphql import Finished, MemoryChangeInfo, Prompt, Question, TextPiece
from selfd_graphql.operations import document
from selfd_graphql.types import answers, jobs, memories, minds, search
from selfd_storage import EventRecord, Hit, NewMemory
from support.fakes.samples import ANSWER, CHUNK, JOB, MIND, NOON, article
from support.services import Ask, FakeServices, Follow

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("enum", "literal"),
    [
        (memories.MemoryKind, selfd_storage.MemoryKind),
        (memories.ChangeKind, selfd_storage.ChangeKind),
        (search.Scope, selfd_storage.Scope),
        (jobs.JobKind, selfd_storage.JobKind),
        (jobs.JobState, selfd_storage.JobState),
        (minds.MindKind, selfd_graphql.MindKind),
    ],
)
def test_each_enum_has_the_words_of_its_literal(enum: type[Enum], literal: Any) -> None:
    assert [member.value for member in enum] == list(get_args(literal))
    assert [member.name for member in enum] == list(get_args(literal))


async def test_remember_passes_on_everything(ask: Ask, services: FakeServices) -> None:
    given = {
        "text": "Tea at four",
        "kind": "FACT",
        "tags": ["tea"],
        "source": "chat",
        "at": "2026-01-30T00:00:00Z",
    }
    result = await ask(document("remember"), input=given)
    assert result.errors is None
    (record,) = services.memories.records
    assert (record.kind, record.text, record.tags) == ("FACT", "Tea at four", ("tea",))
    assert record.source == "chat"
    assert record.created_at == datetime(2026, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("extra", [{}, {"kind": None, "tags": None, "source": None, "at": None}])
async def test_what_is_left_out_or_null_gets_its_default(
    ask: Ask, services: FakeServices, extra: dict[str, None]
) -> None:
    await ask(document("remember"), input={"text": "x", **extra})
    (record,) = services.memories.records
    assert NewMemory(record.text, record.kind, record.tags, record.source) == NewMemory("x")


async def test_a_memory_shows_when_and_by_whom_it_was_told(ask: Ask) -> None:
    given = {"text": "Tea at four", "source": "chat", "at": "2026-01-30T00:00:00Z"}
    await ask(document("remember"), input=given)
    result = await ask("{ memories { edges { node { tellings { at recordedAt source text } } } } }")
    assert result.data is not None
    (edge,) = result.data["memories"]["edges"]
    (telling,) = edge["node"]["tellings"]
    assert (telling["source"], telling["text"]) == ("chat", None)
    assert telling["at"].startswith("2026-01-30T00:00:00")


async def test_remember_many_answers_in_order(ask: Ask) -> None:
    result = await ask(document("remember_many"), inputs=[{"text": "a"}, {"text": "b"}])
    assert result.data is not None
    assert [memory["id"] for memory in result.data["rememberMany"]] == ["memory:1", "memory:2"]


async def test_tags_alone_can_be_changed_or_removed(ask: Ask, services: FakeServices) -> None:
    await services.memories.remember(NewMemory("x", tags=("a",)))
    result = await ask(document("update_memory"), id="memory:1", tags=[])
    assert result.data is not None
    assert result.data["updateMemory"]["tags"] == []
    assert result.data["updateMemory"]["text"] == "x"


async def test_a_page_goes_on_where_the_last_one_ended(ask: Ask, services: FakeServices) -> None:
    await services.memories.remember_many([NewMemory(str(number)) for number in range(3)])
    first = await ask(document("memories"), first=2)
    assert first.data is not None
    page = first.data["memories"]
    assert [edge["node"]["text"] for edge in page["edges"]] == ["2", "1"]
    assert page["pageInfo"]["hasNextPage"] is True
    assert page["totalCount"] == 3
    rest = await ask(document("memories"), first=2, after=page["pageInfo"]["endCursor"])
    assert rest.data is not None
    assert [edge["node"]["text"] for edge in rest.data["memories"]["edges"]] == ["0"]


async def test_memories_pass_their_filters_on(ask: Ask, services: FakeServices) -> None:
    await ask(document("memories"), kind="FACT", tag="tea", asOf="2026-01-30T00:00:00Z")
    assert services.memories.asked == {
        "first": 20,
        "after": None,
        "kind": "FACT",
        "tag": "tea",
        "as_of": datetime(2026, 1, 30, tzinfo=UTC),
    }


@pytest.mark.parametrize("first", [-1, 101, 2**31 - 1])
async def test_a_page_of_no_sensible_size_is_refused(ask: Ask, first: int) -> None:
    result = await ask(document("memories"), first=first)
    assert result.errors is not None
    assert result.errors[0].message.startswith(f"first must be from 0 to 100, got {first}")


async def test_an_empty_page_still_counts(ask: Ask, services: FakeServices) -> None:
    await services.memories.remember(NewMemory("x"))
    result = await ask("{ memories(first: 0) { totalCount pageInfo { endCursor } } }")
    assert result.data == {"memories": {"totalCount": 1, "pageInfo": {"endCursor": None}}}


async def test_search_finds_each_kind_of_item(ask: Ask, services: FakeServices) -> None:
    memory = await services.memories.remember(NewMemory("Tea"))
    items = (memory, article(1), CHUNK)
    services.search.hits = [Hit(item, 0.5, "words", ("lexical",)) for item in items]
    result = await ask(document("search"), query="tea", scope=["MEMORY", "DOCUMENT"], first=3)
    assert result.data is not None
    kinds = [hit["item"]["__typename"] for hit in result.data["search"]]
    assert kinds == ["Memory", "Article", "DocumentChunk"]
    assert result.data["search"][1]["item"]["feed"]["title"] == "A feed"
    assert services.search.asked["scope"] == ["MEMORY", "DOCUMENT"]
    assert services.search.asked["first"] == 3


async def test_ask_passes_on_everything(ask: Ask, services: FakeServices) -> None:
    given = {
        "question": "How long?",
        "conversationId": "conversation:1",
        "mindId": "mind:builtin",
        "scope": ["DOCUMENT"],
        "maxBytes": 100,
        "temperature": 0.5,
        "method": "VOTE",
    }
    await ask(document("ask"), input=given)
    assert services.answering.asked == [
        Question("How long?", "conversation:1", "mind:builtin", ["DOCUMENT"], 100, 0.5, "VOTE")
    ]


async def test_ask_with_only_a_question_uses_the_defaults(ask: Ask, services: FakeServices) -> None:
    await ask(document("ask"), input={"question": "How long?"})
    assert services.answering.asked == [Question("How long?")]


async def test_citations_of_forgotten_items_are_left_out(ask: Ask) -> None:
    result = await ask(document("ask"), input={"question": "How long?"})
    assert result.data is not None
    assert len(ANSWER.citations) == 2
    assert [cited["quote"] for cited in result.data["ask"]["citations"]] == ["three minutes"]


async def test_feedback_is_passed_on(ask: Ask, services: FakeServices) -> None:
    given = {"answerId": "answer:1", "rating": -1, "correction": "Four."}
    result = await ask(document("give_feedback"), input=given)
    assert result.data == {"giveFeedback": True}
    assert services.answering.feedback == [("answer:1", -1, "Four.")]


@pytest.mark.parametrize(
    ("options", "passed"), [(None, {}), ({"depth": 2}, {"depth": 2}), ({}, {})]
)
async def test_a_job_starts_with_its_options(
    ask: Ask, services: FakeServices, options: Any, passed: dict[str, int]
) -> None:
    result = await ask(document("start_job"), kind="BACKUP", options=options)
    assert result.errors is None
    assert services.jobs.started == [("BACKUP", passed)]


async def test_options_of_a_job_must_be_an_object(ask: Ask) -> None:
    result = await ask(document("start_job"), kind="BACKUP", options=[1])
    assert result.errors is not None
    assert result.errors[0].message == "options must be an object, got [1]"


async def test_jobs_are_asked_for_by_state(ask: Ask, services: FakeServices) -> None:
    result = await ask(document("jobs"), state="RUNNING")
    assert services.jobs.asked == {"state": "RUNNING"}
    assert result.data is not None
    assert result.data["jobs"]["edges"][0]["node"]["metrics"] == {"files": 3}


@pytest.mark.parametrize(
    ("id", "typename"),
    [
        ("memory:1", "Memory"),
        ("article:1", "Article"),
        ("chunk:1", "DocumentChunk"),
        ("feed:1", "Feed"),
        ("answer:1", "Answer"),
        ("conversation:1", "Conversation"),
        ("job:1", "Job"),
        ("mind:builtin", "Mind"),
    ],
)
async def test_anything_is_found_by_its_id(
    ask: Ask, services: FakeServices, id: str, typename: str
) -> None:
    memory = await services.memories.remember(NewMemory("x"))
    services.system.stored |= {memory.id: memory, "article:1": article(1)}
    result = await ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=id)
    assert result.data == {"node": {"__typename": typename, "id": id}}


@pytest.mark.parametrize("id", ["memory:404", "feed:404", "answer:404", "job:404", "x", "", ":"])
async def test_an_id_of_nothing_finds_null(ask: Ask, id: str) -> None:
    result = await ask("query ($id: ID!) { node(id: $id) { id } }", id=id)
    assert result.errors is None
    assert result.data == {"node": None}


async def test_a_conversation_shows_its_answers(ask: Ask) -> None:
    result = await ask(document("conversation"), id="conversation:1")
    assert result.data is not None
    roles = [message["role"] for message in result.data["conversation"]["messages"]]
    assert roles == ["user", "assistant"]
    assert result.data["conversation"]["messages"][1]["answer"]["id"] == "answer:1"


async def test_what_compression_saves_is_worked_out(ask: Ask) -> None:
    result = await ask("{ storage { saved rawBytes tiers { codec } } }")
    expected = {"saved": 0.75, "rawBytes": 200, "tiers": [{"codec": "lz4"}]}
    assert result.data == {"storage": expected}


async def test_the_built_in_model_measures(ask: Ask) -> None:
    query = '{ score(text: "ab") { bytes bitsPerByte } embed(texts: ["x"]) patches(text: "a b") }'
    assert (await ask(query)).data == {
        "score": {"bytes": 2, "bitsPerByte": 8.0},
        "embed": [[0.6, 0.8]],
        "patches": ["a", "b"],
    }


async def test_texts_are_embedded_by_words_unless_the_latent_is_asked_for(ask: Ask) -> None:
    query = '{ words: embed(texts: ["x"], by: WORDS) latent: embed(texts: ["x"], by: LATENT) }'
    assert (await ask(query)).data == {"words": [[0.6, 0.8]], "latent": [[0.8, 0.6]]}


async def test_engrams_are_listed_found_and_built(ask: Ask) -> None:
    listed = await ask(document("engrams"))
    assert listed.data is not None
    [engram] = listed.data["engrams"]
    assert (engram["name"], engram["rawBytes"]) == ("notes", 2**32)
    found = await ask('{ node(id: "engram:1") { ... on Engram { files } } }')
    assert found.data == {"node": {"files": 3}}
    started = await ask(document("build_engram"), path="/notes", name="notes")
    assert started.data is not None
    assert started.data["buildEngram"]["kind"] == "BUILD_ENGRAM"


async def test_a_backup_larger_than_two_gigabytes_is_reported(ask: Ask) -> None:
    result = await ask(document("backup"), path="/copy.db")
    assert result.data is not None
    assert result.data["backup"]["bytes"] == 5 * 2**30


async def test_events_are_followed_from_where_the_client_was(
    follow: Follow, services: FakeServices
) -> None:
    event = EventRecord(8, NOON, "job.failed", "job:1", {"error": "no"})
    services.events.channel.put(event, None)
    results = follow(document("events"), kinds=["job.failed"], after=7)
    assert [result.data async for result in results] == [
        {
            "events": {
                "sequence": 8,
                "at": "2026-01-31T12:00:00+00:00",
                "kind": "job.failed",
                "subject": "job:1",
                "payload": {"error": "no"},
            }
        }
    ]
    assert services.events.channel.asked == [(["job.failed"], 7)]


async def test_memories_are_followed(follow: Follow, services: FakeServices) -> None:
    memory = await services.memories.remember(NewMemory("x"))
    services.memories.channel.put(
        MemoryChangeInfo("ADDED", memory.id, memory),
        MemoryChangeInfo("FORGOTTEN", memory.id, None),
        None,
    )
    query = "subscription { memoryChanged { kind id memory { text } } }"
    changes = [result.data["memoryChanged"] async for result in follow(query) if result.data]
    assert changes == [
        {"kind": "ADDED", "id": "memory:1", "memory": {"text": "x"}},
        {"kind": "FORGOTTEN", "id": "memory:1", "memory": None},
    ]


async def test_articles_of_some_feeds_are_followed(follow: Follow, services: FakeServices) -> None:
    services.feeds.channel.put(article(1), None)
    results = [result async for result in follow(document("article_added"), feedIds=["feed:1"])]
    assert results[0].data is not None
    assert results[0].data["articleAdded"]["feed"] == {"id": "feed:1", "title": "A feed"}
    assert services.feeds.channel.asked == [["feed:1"]]


async def test_a_job_is_followed(follow: Follow, services: FakeServices) -> None:
    services.jobs.channel.put(JOB, None)
    results = [result async for result in follow(document("job_progress"), id="job:1")]
    assert results[0].data is not None
    assert results[0].data["jobProgress"]["progress"] == 0.5
    assert services.jobs.channel.asked == ["job:1"]


async def test_an_answer_is_followed_to_its_end(follow: Follow, services: FakeServices) -> None:
    services.answering.channel.put(TextPiece("Three "), Finished(ANSWER, 0.5, 9.0), None)
    results = [
        result.data["generate"]
        async for result in follow(document("generate"), input={"question": "How long?"})
        if result.data
    ]
    assert [event["__typename"] for event in results] == ["TextDelta", "GenerationDone"]
    assert results[0]["text"] == "Three "
    assert results[1]["answer"]["mind"]["name"] == MIND.name


async def test_a_prompt_is_completed(follow: Follow, services: FakeServices) -> None:
    query = (
        "subscription ($input: CompleteInput!) { complete(input: $input) {"
        " ... on TextDelta { text } ... on GenerationDone { bytesPerSecond answer { id } } } }"
    )
    given = {"prompt": "abc", "maxBytes": 3, "seed": 7, "speculative": False}
    results = [result.data async for result in follow(query, input=given)]
    assert results == [
        {"complete": {"text": "cba"}},
        {"complete": {"bytesPerSecond": 7000.0, "answer": None}},
    ]
    assert services.minds.prompts == [Prompt("abc", None, 3, 0.0, 7, False)]


async def test_feeds_of_a_page_are_read_together(ask: Ask, services: FakeServices) -> None:
    services.feeds.listed = [article(n, f"feed:{n % 2}") for n in range(50)]
    services.feeds.feeds = [services.feeds.feeds[0]]
    await ask("{ articles(first: 50) { edges { node { feed { title } } } } }")
    assert services.feeds.reads == [["feed:0", "feed:1"]]


async def test_each_event_of_a_subscription_reads_afresh(
    follow: Follow, services: FakeServices
) -> None:
    services.feeds.channel.put(article(1), article(2), None)
    query = "subscription { articleAdded { feed { title } } }"
    assert len([result async for result in follow(query)]) == 2
    assert services.feeds.reads == [["feed:1"], ["feed:1"]]


def test_every_ensemble_method_has_a_name() -> None:
    assert [method.value for method in answers.EnsembleMethod] == [
        method.name for method in answers.EnsembleMethod
    ]


async def test_a_story_names_its_sources_and_quotes_its_disputes(
    ask: Ask, services: FakeServices
) -> None:
    result = await ask(document("stories"), hours=6, first=3)
    assert result.errors is None
    assert services.knowledge.asked == (6, 3)
    assert result.data is not None
    (story,) = result.data["stories"]
    assert (story["title"], story["sources"], len(story["articles"])) == ("A bridge fell", 2, 2)
    assert story["disputes"] == services.knowledge.found[0].disputes
    assert story["articles"][0]["feed"]["title"] == "A feed"


async def test_a_claim_names_its_article_and_its_support(ask: Ask) -> None:
    result = await ask("{ stories { claims { text articleId support } } }")
    assert result.data == {
        "stories": [
            {"claims": [{"text": "Two people were hurt.", "articleId": "article:1", "support": 1}]}
        ]
    }


async def test_a_trend_has_its_forecast_and_how_far_such_were_off(
    ask: Ask, services: FakeServices
) -> None:
    result = await ask(document("trends"))
    assert result.errors is None
    assert services.knowledge.asked == (24, 10)
    assert result.data is not None
    (trend,) = result.data["trends"]
    figures = {name: trend[name] for name in ("term", "count", "burst", "forecast")}
    assert figures == {"term": "bridge", "count": 9, "burst": 4.5, "forecast": 3.25}
    assert (trend["forecastError"], trend["naiveError"]) == (1.5, None)


async def test_a_mind_is_added_as_it_was_described(ask: Ask, services: FakeServices) -> None:
    given = {"name": "q", "kind": "MLX", "model": "/models/q", "options": {"kv_bits": 8}}
    result = await ask(document("add_mind"), input=given)
    assert result.errors is None
    assert result.data is not None
    assert result.data["addMind"]["id"] == "mind:1"
    assert services.minds.added == ("q", "MLX", "/models/q", {"kv_bits": 8})
    wrong = await ask(document("add_mind"), input=given | {"options": [1]})
    assert wrong.errors is not None
    assert "options must be an object" in wrong.errors[0].message


@pytest.mark.parametrize("name", ["set_default_mind", "load_mind", "unload_mind", "bench_mind"])
async def test_what_is_done_with_a_mind_names_it(name: str, ask: Ask) -> None:
    done = await ask(document(name), id=MIND.id)
    assert done.errors is None
    unknown = await ask(document(name), id="mind:99")
    assert unknown.errors is not None
    assert unknown.errors[0].extensions == {"code": "NOT_FOUND", "id": "mind:99"}


async def test_removing_a_mind_says_whether_there_was_one(ask: Ask) -> None:
    for id, was_there in (("mind:1", True), ("mind:9", False)):
        result = await ask(document("remove_mind"), id=id)
        assert result.data == {"removeMind": was_there}


async def test_recommendations_may_be_larger_than_32_bits(ask: Ask, services: FakeServices) -> None:
    result = await ask(document("recommended_models"))
    assert result.errors is None
    assert result.data is not None
    (found,) = result.data["recommendedModels"]
    assert found["residentMemory"] == 43_000_000_000
    assert (found["expectedBytesPerSecond"], found["measuredBytesPerSecond"]) == (80.0, None)
