"""Several minds as one: they vote on whole answers, or choose each byte together.

A member that fails is left out; only when all fail does the ensemble. What its members have in
common decides what it can do.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from selfd_daemon.clock import Monotonic
from selfd_daemon.minds.door import (
    Delta,
    Ended,
    Limits,
    Made,
    Method,
    Mind,
    Reason,
    Request,
    Speller,
)
from selfd_daemon.minds.ensemble.agreement import Verdict, consensus, vote, weight
from selfd_daemon.minds.errors import MindAbilityError, MindError
from selfd_daemon.minds.options import EnsembleOptions
from selfd_daemon.minds.telling import Telling
from selfd_graphql.ports import ScoreInfo

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = structlog.get_logger(__name__)

END = 256  # the place of an answer's end, after all bytes
TrackRecords = Callable[[], Awaitable[Mapping[str, tuple[float, int]]]]


@dataclass(frozen=True, slots=True)
class _Said:
    """What a member answered."""

    member: str
    text: str
    ended: Ended


class EnsembleMind:
    """Implements `door.Mind` over others; `members` are asked in their order."""

    parameters: float | None = None
    loaded = True

    def __init__(
        self,
        members: Mapping[str, Mind],
        options: EnsembleOptions,
        *,
        track_records: TrackRecords,
        monotonic: Monotonic,
        draw: Callable[[], int],
    ) -> None:
        self._members = members
        self._options = options
        self._track_records = track_records
        self._monotonic = monotonic
        self._draw = draw

    async def close(self) -> None:
        """Do nothing: the members belong to others."""

    async def load(self) -> None:
        """Do nothing: members are loaded when they are asked."""

    async def unload(self) -> None:
        """Do nothing: members are unloaded by themselves."""

    async def limits(self) -> Limits:
        """Say what all of its members can do, and the least of their contexts.

        Raises:
            MindError: the first one's, if none of them can tell.
        """
        told = await asyncio.gather(*map(_limits, self._members.values()))
        found = [each for each in told if isinstance(each, Limits)]
        if not found:
            raise next(each for each in told if isinstance(each, MindError))
        abilities = frozenset.intersection(*(limits.abilities for limits in found))
        if any(limits.chats for limits in found):
            abilities |= {"chat"}
        return Limits(min(limits.context_bytes for limits in found), abilities - {"embed"})

    async def generate(self, request: Request) -> AsyncGenerator[Made, None]:
        """Ask all members and give what they come to; closing this stops them all."""
        method = request.method or self._options.method
        way = self._byte_by_byte if method == "BYTE" else self._whole_answers
        async with aclosing(way(request, method)) as events:
            async for event in events:
                yield event

    async def score(self, text: str, after: str = "") -> ScoreInfo:
        """Say how well the members together predict a text, learning whom to trust on the way."""
        from selfd_models.mixture import Blend

        data, read = text.encode("utf-8", "replace"), after.encode("utf-8", "replace")
        blend, bits = Blend(list((await self._weights()).values())), 0.0
        for byte in data:
            chances = await self._chances(list(self._members.values()), read)
            bits -= math.log2(float(blend.next(chances)[byte]))
            blend.learn(chances, byte)
            read += bytes((byte,))
        return ScoreInfo(len(data), bits, bits / len(data) if data else 0.0)

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Raise: vectors of different models have nothing in common."""
        raise MindAbilityError("an ensemble has no vectors of its own: ask one of its members")

    async def next_byte(self, text: bytes) -> NDArray[np.float64]:
        """Return the weighted mean of what the members say: (256,), its sum 1."""
        import numpy as np

        from selfd_models.mixture import mixture

        weights = np.array(list((await self._weights()).values()))
        chances = await self._chances(list(self._members.values()), text)
        return mixture(chances, weights / weights.sum())

    async def _whole_answers(self, request: Request, method: Method) -> AsyncGenerator[Made, None]:
        began = self._monotonic()
        said = await self._ask_all(request)
        weights = await self._weights()
        verdict = await self._judge(method, said, [weights[each.member] for each in said])
        chosen = said[verdict.chosen]
        now = self._monotonic() - began
        if chosen.text:
            yield Delta(chosen.text)
        support = {each.member: share for each, share in zip(said, verdict.support, strict=True)}
        yield replace(chosen.ended, first=now, seconds=now, support=support)

    async def _judge(
        self, method: Method, said: Sequence[_Said], weights: Sequence[float]
    ) -> Verdict:
        texts = [each.text for each in said]
        if method == "VOTE":
            return vote(texts, [1.0] * len(said))
        if method == "WEIGHTED":
            return vote(texts, weights)
        merits = await self._merits(texts) if method == "HYBRID" else None
        return consensus(texts, weights, merits)

    async def _merits(self, texts: Sequence[str]) -> list[float]:
        """Return how likely each answer is by those who can score: 1 for the likeliest of them."""
        costs = [0.0] * len(texts)
        for member in self._members.values():
            try:
                if "score" not in (await member.limits()).abilities:
                    continue
                scores = [(await member.score(text)).bits_per_byte for text in texts]
            except MindError:
                continue
            costs = [cost + score for cost, score in zip(costs, scores, strict=True)]
        least = min(costs)
        return [2.0 ** (least - cost) for cost in costs]

    async def _ask_all(self, request: Request) -> list[_Said]:
        """Ask every member at the same time, of those that follow instructions if any does.

        Raises:
            MindError: the first one's, if all fail.
        """
        asked = replace(request, method=None)
        heard = await self._who_chats() or self._members
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_answer(id, each, asked)) for id, each in heard.items()]
        found = [task.result() for task in tasks]
        said = [each for each in found if isinstance(each, _Said)]
        if not said:
            raise next(each for each in found if isinstance(each, MindError))
        whole = [each for each in said if each.ended.reason != "cut"]
        return whole or said

    async def _who_chats(self) -> dict[str, Mind]:
        told = await asyncio.gather(*map(_limits, self._members.values()))
        pairs = zip(self._members.items(), told, strict=True)
        return {
            id: member for (id, member), each in pairs if isinstance(each, Limits) and each.chats
        }

    async def _byte_by_byte(self, request: Request, method: Method) -> AsyncGenerator[Made, None]:
        """Choose each byte from the members' weighted product, until they agree that it ends.

        Each reads the request by its own template; those without one read the same plain text, and
        know no end.
        """
        import numpy as np

        from selfd_models.mixture import product

        telling, weights = Telling(request, self._monotonic), await self._weights()
        spellers = {} if request.raw else await self._spellers()
        spell = len(spellers) > 1
        able = {} if spell else await self._able()
        ids = list(spellers if spell else able)
        share = np.array([weights[id] for id in ids])
        share /= share.sum()
        chance = np.random.default_rng(self._draw() if request.seed is None else request.seed)
        asked, said = request.text.encode("utf-8", "replace"), bytearray()
        reason: Reason = "length"
        while telling.over is None and len(said) < request.max_bytes:
            if spell:
                asking = (each.spell(request, bytes(said)) for each in spellers.values())
                chances = np.stack(await asyncio.gather(*asking))  # (K, 257)
            else:
                chances = await self._chances(list(able.values()), asked + said)  # (K, 256)
            byte = _drawn(product(chances, share), request.temperature, chance)
            if byte == END:
                reason = "stop"
                break
            said.append(byte)
            if told := telling.take(bytes(said[-1:])):
                yield Delta(told)
        if told := telling.rest():
            yield Delta(told)
        support = dict(zip(ids, share.tolist(), strict=True))
        yield replace(telling.ended(reason=reason), support=support)

    async def _spellers(self) -> dict[str, Speller]:
        """Return the members that answer, and can be read byte by byte where they do."""
        chats = await self._who_chats()
        return {id: each for id, each in chats.items() if isinstance(each, Speller)}

    async def _able(self) -> dict[str, Mind]:
        """Return the members that can be read byte by byte.   Raises: MindAbilityError."""
        told = await asyncio.gather(*map(_limits, self._members.values()))
        able = {
            id: member
            for (id, member), each in zip(self._members.items(), told, strict=True)
            if isinstance(each, Limits) and "next_byte" in each.abilities
        }
        if len(able) < 2:
            raise MindAbilityError(
                f"{len(able)} of {len(self._members)} members can be read byte by byte, which "
                "takes two: choose another method, or add members as MLX"
            )
        return able

    async def _chances(self, members: Sequence[Mind], text: bytes) -> NDArray[np.float64]:
        """Return what each says of the next byte: (K, 256)."""
        import numpy as np

        return np.stack(await asyncio.gather(*(member.next_byte(text) for member in members)))

    async def _weights(self) -> dict[str, float]:
        """Return each member's weight, from what feedback says of it."""
        known = await self._track_records()
        return {id: weight(*known.get(id, (0.0, 0))) for id in self._members}


async def _limits(member: Mind) -> Limits | MindError:
    try:
        return await member.limits()
    except MindError as error:
        return error


async def _answer(id: str, member: Mind, request: Request) -> _Said | MindError:
    text: list[str] = []
    try:
        async with aclosing(member.generate(request)) as events:
            async for event in events:
                if isinstance(event, Ended):
                    return _Said(id, "".join(text), event)
                text.append(event.text)
    except MindError as error:
        log.warning("member left out", member=id, error=str(error))
        return error
    raise AssertionError("a generation ends with Ended")


def _drawn(chances: NDArray[np.float64], temperature: float, chance: np.random.Generator) -> int:
    """Take the likeliest byte, or draw one."""
    import numpy as np

    if not temperature:
        return int(chances.argmax())
    scores = np.log(chances) / temperature
    scores = np.exp(scores - scores.max())
    return int(chance.choice(len(chances), p=scores / scores.sum()))
