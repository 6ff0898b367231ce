"""Kept answers are given again, and gone as soon as what they rest on has changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_daemon.answering import AnsweringService
from selfd_daemon.answering.cache import MOST_ENTRIES, MOST_NEW, Lookup
from selfd_daemon.settings import AnsweringSettings
from selfd_graphql.ports import Question
from selfd_models.embedding.embedder import Embedder
from selfd_storage import AnswerRecord, NewChunk, NewDocument, NewMemory, Store

pytestmark = pytest.mark.anyio
AT = datetime(2026, 5, 7, 9, 30, tzinfo=UTC)
KEY = "Where does Ada keep the spare key?"


class Listening(AnsweringService):
    """Writes down how answers were found; its clock stands still unless it is moved."""

    def __init__(self, store: Store, embedder: Embedder | None = None, hours: float = 1.0) -> None:
        self.at = 0.0
        self.found: list[Lookup] = []
        self.saved: list[float] = []

        async def embed(texts: Sequence[str]) -> Sequence[Sequence[float]]:
            assert embedder is not None
            vectors: list[list[float]] = embedder.embed(texts).tolist()
            return vectors

        super().__init__(
            store,
            AnsweringSettings(cache_hours=hours),
            monotonic=lambda: self.at,
            embed=None if embedder is None else embed,
        )

    def looked_up(self, how: Lookup, saved: float) -> None:
        self.found.append(how)
        self.saved.append(saved)

    async def again(self, text: str = KEY) -> AnswerRecord:
        return await self.ask(Question(text))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path)
    await opened.memories.add_many(
        [
            NewMemory("Ada keeps the spare key under the blue pot.", source="chat 1", at=AT),
            NewMemory("Joe has three cats, Pip, Squeak and Wilfred.", at=AT),
        ]
    )
    yield opened
    await opened.close()


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load()


async def test_an_equal_question_gets_the_kept_answer_as_a_turn_of_its_own(store: Store) -> None:
    answering = Listening(store)
    first = await answering.again()
    second = await answering.again("where does ADA keep the spare key ?")
    assert answering.found == ["miss", "exact"]
    assert (second.text, second.citations, second.confidence, second.task) == (
        first.text, first.citations, first.confidence, first.task,
    )  # fmt: skip
    assert second.id != first.id


async def test_what_a_kept_answer_saves_is_told(store: Store) -> None:
    answering = Listening(store)

    class Slow:
        async def draft(self, question: object, asked: object) -> None:
            answering.at += 2.0

    answering._first = (Slow(),)
    await answering.again()
    await answering.again()
    assert answering.saved == [0.0, 2.0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Where is it that Ada keeps the spare key?", "semantic"),
        ("Where does Ada keep the key?", "miss"),
        ("Where does Bob keep the spare key?", "miss"),
        ("Where doesn't Ada keep the spare key?", "miss"),
        ("When does Ada keep the spare key?", "miss"),
        ("Where does Ada keep the 2 spare keys?", "miss"),
        ("Where does Ada hide the spare cash?", "miss"),
        ("Where does Ada keep the spare key of the car in Berlin?", "miss"),
    ],
)
async def test_only_a_question_that_means_the_same_is_answered_alike(
    store: Store, embedder: Embedder, text: str, found: Lookup
) -> None:
    answering = Listening(store, embedder)
    await answering.again()
    await answering.again(text)
    assert answering.found == ["miss", found]


async def test_who_did_it_to_whom_is_not_lost(store: Store, embedder: Embedder) -> None:
    await store.memories.add(NewMemory("Our Ann told Ben that the mill was sold."))
    answering = Listening(store, embedder)
    await answering.again("What did our Ann tell Ben of the mill?")
    await answering.again("What did our Ben tell Ann of the mill?")
    assert answering.found == ["miss", "miss"]


async def forget(store: Store) -> None:
    await store.memories.forget("memory:1")


async def update(store: Store) -> None:
    await store.memories.update("memory:1", text="Ada keeps the spare key in the shed.")


async def retag(store: Store) -> None:
    await store.memories.update("memory:1", tags=["home"])


async def fold(store: Store) -> None:
    await store.memories.add(NewMemory("Ada keeps the spare key under the blue pot.", at=AT))


async def learn(store: Store) -> None:
    await store.memories.add(NewMemory("The spare key hangs in the shed now."))


async def talk_on(store: Store) -> None:
    await store.memories.add(NewMemory("No, that was last year.", source="chat 1"))


async def read(store: Store) -> None:
    chunk = NewChunk("Keys are listed here.", 1, 1)
    await store.documents.put(NewDocument("/k.md", "text/plain", 9, b"\1" * 16, AT, [chunk]))


async def flood(store: Store) -> None:
    news = [NewMemory(f"Nothing of note on day {n} of the voyage.") for n in range(MOST_NEW + 1)]
    await store.memories.add_many(news)


@pytest.mark.parametrize("change", [forget, update, retag, fold, learn, talk_on, read, flood])
async def test_a_change_of_what_it_rests_on_ends_a_kept_answer(
    store: Store, change: Callable[[Store], Awaitable[None]]
) -> None:
    answering = Listening(store)
    await answering.again()
    await change(store)
    await answering.again()
    assert answering.found == ["miss", "miss"]


async def test_what_has_nothing_to_do_with_it_leaves_a_kept_answer(store: Store) -> None:
    answering = Listening(store)
    await answering.again()
    await store.memories.add(NewMemory("Rain all day in the valley."))
    await store.memories.forget("memory:2")
    await answering.again()
    assert answering.found == ["miss", "exact"]


async def test_a_change_while_an_answer_is_written_keeps_it_from_being_kept(store: Store) -> None:
    answering = Listening(store)

    class Meanwhile:
        async def draft(self, question: object, asked: object) -> None:
            answering._first = ()
            await update(store)

    answering._first = (Meanwhile(),)
    await answering.again()
    await answering.again()
    assert answering.found == ["miss", "miss"]


async def test_an_answer_whose_quote_is_gone_is_not_given_even_unheard(store: Store) -> None:
    answering = Listening(store)
    await answering.again()
    kept = dict(answering._cache._entries)
    await forget(store)
    answering._cache._entries.update(kept)  # as if the news of it had been lost
    answer = await answering.again()
    assert answering.found == ["miss", "miss"]
    assert "blue pot" not in answer.text


async def test_time_ends_a_kept_answer(store: Store) -> None:
    answering = Listening(store)
    await answering.again()
    answering.at = 3599.0
    await answering.again()
    answering.at = 3601.0
    await answering.again()
    assert answering.found == ["miss", "exact", "miss"]


@pytest.mark.parametrize(
    "text", ["Where does Ada keep the spare key now?", "What is the newest key that Ada keeps?"]
)
async def test_what_may_be_otherwise_in_a_moment_is_not_kept(store: Store, text: str) -> None:
    answering = Listening(store)
    await answering.again(text)
    await answering.again(text)
    assert answering.found == ["miss", "miss"]


async def test_doubt_is_not_kept_and_nothing_is_when_it_is_turned_off(store: Store) -> None:
    answering, off = Listening(store), Listening(store, hours=0.0)
    for _ in range(2):
        await answering.again("What is the capital of Mongolia?")
        await off.again()
    assert answering.found == off.found == ["miss", "miss"]


async def test_other_limits_and_scopes_are_other_questions(store: Store) -> None:
    answering = Listening(store)
    for question in (
        Question(KEY),
        Question(KEY, max_bytes=100),
        Question(KEY, scope=["MEMORY"]),
        Question(KEY, temperature=0.5),
    ):
        await answering.ask(question)
    assert answering.found == ["miss"] * 4
    await answering.ask(Question(KEY, scope=["MEMORY"]))
    assert answering.found[-1] == "exact"


async def test_no_more_than_so_many_answers_are_kept(store: Store) -> None:
    answering = Listening(store)
    for n in range(MOST_ENTRIES + 3):
        await answering.again(f"{KEY}{' ' * n}" if n < 3 else f"What is {n} plus 1?")
    assert len(answering._cache) == MOST_ENTRIES
