"""Several minds as one: who is heard, what is given, and what a failing member costs."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from selfd_daemon.minds import Delta, Ended, Limits, Made, Message, MindError, Request
from selfd_daemon.minds.builtin.mind import BuiltinMind
from selfd_daemon.minds.door import Ability, Method, Mind
from selfd_daemon.minds.ensemble.agreement import agreement, consensus, vote, weight
from selfd_daemon.minds.ensemble.mind import EnsembleMind
from selfd_daemon.minds.errors import MindAbilityError, MindPeerError
from selfd_daemon.minds.options import EnsembleOptions
from selfd_graphql.ports import ScoreInfo
from selfd_models.embedding.embedder import Embedder
from support.minds import tiny_model, told

pytestmark = pytest.mark.anyio


@dataclass
class Member:
    """A mind that says one thing."""

    says: str
    abilities: frozenset[Ability] = frozenset({"chat"})
    fails: MindError | None = None
    cut: bool = False
    costs: Mapping[str, float] = field(default_factory=dict)
    byte: int | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def limits(self) -> Limits:
        return Limits(1000, self.abilities)

    async def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        if self.fails is not None:
            raise self.fails
        try:
            if self.says == "for ever":
                await asyncio.Event().wait()
            yield Delta(self.says)
        finally:
            self.left.set()
        size = len(self.says)
        yield Ended(
            "cut" if self.cut else "stop", size, 0.1, 0.2, error="gone" if self.cut else None
        )

    async def score(self, text: str, after: str = "") -> ScoreInfo:
        return ScoreInfo(len(text), self.costs[text] * len(text), self.costs[text])

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        raise MindAbilityError("no")

    async def next_byte(self, text: bytes) -> NDArray[np.float64]:
        if self.byte is None:
            raise MindAbilityError("no")
        chances = np.full(256, 0.1 / 255)
        chances[self.byte] = 0.9
        return chances


def _ensemble(
    *members: Mind, method: Method = "VOTE", known: Mapping[str, tuple[float, int]] | None = None
) -> EnsembleMind:
    async def track_records() -> Mapping[str, tuple[float, int]]:
        return known or {}

    return EnsembleMind(
        {f"mind:{at}": member for at, member in enumerate(members)},
        EnsembleOptions(method),
        track_records=track_records,
        monotonic=time.monotonic,
        draw=lambda: 7,
    )


ASK = Request((Message("user", "Where is the key?"),), max_bytes=30)


async def test_what_most_say_is_given_however_it_is_put() -> None:
    ensemble = _ensemble(Member("In the car."), Member("Under the pot"), Member("under THE pot!"))
    text, ended = await told(ensemble, ASK)
    assert text == "Under the pot"
    assert ended.support == {"mind:0": 0.0, "mind:1": 1.0, "mind:2": 1.0}


async def test_feedback_gives_a_proven_member_more_than_one_vote() -> None:
    members = Member("In the car."), Member("Under the pot"), Member("under the pot")
    known = {"mind:0": (40.0, 40), "mind:1": (5.0, 40), "mind:2": (8.0, 40)}
    assert (await told(_ensemble(*members, known=known), ASK))[0] == "Under the pot"
    weighed = _ensemble(*members, method="WEIGHTED", known=known)
    assert (await told(weighed, ASK))[0] == "In the car."
    asked = Request(ASK.messages, method="WEIGHTED")
    assert (await told(_ensemble(*members, known=known), asked))[0] == "In the car."


async def test_consensus_gives_the_middle_of_the_group_that_agrees() -> None:
    said = [
        "It fell into the river on Monday",
        "The spare key lies under the blue pot",
        "Under the pot by the door is a key",
        "The key lies under the blue pot by the door",
    ]
    text, ended = await told(_ensemble(*map(Member, said), method="CONSENSUS"), ASK)
    assert text == said[3]
    assert ended.support["mind:0"] < 0.3
    assert ended.support["mind:3"] == 1.0


async def test_hybrid_also_hears_how_likely_each_answer_is() -> None:
    one, other = "The key is under the blue pot", "The key is under the green pot"
    judge = Member(other, frozenset({"chat", "score"}), costs={one: 1.0, other: 3.0})
    members = Member(one), judge
    assert (await told(_ensemble(*members, method="HYBRID"), ASK))[0] == one
    swapped = Member(other), Member(one, frozenset({"chat", "score"}), costs={one: 3.0, other: 1.0})
    assert (await told(_ensemble(*swapped, method="HYBRID"), ASK))[0] == other


async def test_a_member_that_fails_is_left_out_and_only_all_together_fail() -> None:
    gone = MindPeerError("nothing listens there")
    text, ended = await told(_ensemble(Member("", fails=gone), Member("Here")), ASK)
    assert (text, list(ended.support)) == ("Here", ["mind:1"])
    with pytest.raises(MindPeerError, match="nothing listens there"):
        await told(_ensemble(Member("", fails=gone), Member("", fails=gone)), ASK)


async def test_a_member_that_only_continues_texts_has_no_vote_beside_one_that_answers() -> None:
    continues = Member("Where is the door?", frozenset({"score"}))
    assert (await told(_ensemble(continues, Member("Under the pot")), ASK))[0] == "Under the pot"


async def test_a_part_is_given_only_when_nobody_has_the_whole() -> None:
    part, whole = Member("Under the", cut=True), Member("Under the pot")
    assert (await told(_ensemble(part, whole), ASK))[0] == "Under the pot"
    _, ended = await told(_ensemble(part, part), ASK)
    assert (ended.reason, ended.error) == ("cut", "gone")


async def test_leaving_stops_every_member() -> None:
    slow = [Member("for ever"), Member("for ever")]
    asking = asyncio.create_task(told(_ensemble(*slow), ASK))
    await asyncio.sleep(0)
    while not asking.done() and not all(member.left.is_set() for member in slow):
        await asyncio.sleep(0)
        asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_bytes_are_chosen_together_and_the_surer_majority_wins() -> None:
    able: frozenset[Ability] = frozenset({"next_byte"})
    members = [Member("", able, byte=byte) for byte in (ord("a"), ord("b"), ord("b"))]
    text, ended = await told(_ensemble(*members, Member("x"), method="BYTE"), ASK)
    assert text == "b" * 30
    assert (ended.reason, len(ended.support)) == ("length", 3)
    with pytest.raises(MindError, match="1 of 2 members can be read byte by byte"):
        await told(_ensemble(members[0], Member("x"), method="BYTE"), ASK)


async def test_the_next_byte_of_an_ensemble_sums_to_one_and_scores_a_text() -> None:
    builtin = BuiltinMind(
        model=tiny_model, embedder=Embedder.load, monotonic=time.monotonic, draw=lambda: 7
    )
    ensemble = _ensemble(builtin, Member("", frozenset({"next_byte", "score"}), byte=ord("a")))
    chances = await ensemble.next_byte(b"The ")
    assert chances.sum() == pytest.approx(1.0, abs=1e-6)
    score = await ensemble.score("aaaaaaaaaaaaaaaa")
    alone = await builtin.score("aaaaaaaaaaaaaaaa")
    assert score.bits < alone.bits
    assert score.bits_per_byte < -math.log2(0.9) + 1.0
    async with aclosing(ensemble.generate(Request(ASK.messages, method="BYTE"))) as events:
        assert isinstance(await anext(events), Delta)
    await builtin.close()


async def test_a_member_that_is_gone_does_not_take_the_others_along() -> None:
    class Gone(Member):
        async def limits(self) -> Limits:
            raise MindPeerError("its folder is gone")

    gone = Gone("", fails=MindPeerError("its folder is gone"))
    ensemble = _ensemble(gone, Member("Here"))
    assert (await ensemble.limits()).chats
    assert (await told(ensemble, ASK))[0] == "Here"
    with pytest.raises(MindPeerError, match="its folder is gone"):
        await _ensemble(gone, gone).limits()


async def test_it_can_do_what_all_its_members_can() -> None:
    both: frozenset[Ability] = frozenset({"next_byte", "score", "embed"})
    limits = await _ensemble(Member("a", both | {"chat"}), Member("b", both)).limits()
    assert limits.abilities == {"next_byte", "score", "chat"}


def test_agreement_counts_words_and_minds_numbers() -> None:
    assert agreement("It is under the pot.", "under the pot") == 1.0
    assert agreement("the cat sleeps", "rain all day") == 0.0
    assert agreement("born in 1912", "born in 1913") < 0.3
    assert agreement("", "") == 1.0
    assert agreement("a", "") == 0.0


def test_a_weight_grows_with_what_was_right_and_is_never_nothing() -> None:
    assert weight(0.0, 0) == pytest.approx(math.log(3.0))
    assert weight(50.0, 50) > weight(10.0, 10) > weight(0.0, 0) > weight(0.0, 10) > 0.0


def test_one_answer_needs_no_agreement() -> None:
    assert vote(["a"], [1.0]).chosen == 0
    assert consensus(["a"], [1.0]).support == (1.0,)
