"""Autobiographical recall: what happened when, asked of the journal, against the event log."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from selfd_daemon.self_model.assessment.verdicts import measured, unmeasured
from selfd_daemon.self_model.introspection.answers import SelfAnswer
from selfd_daemon.self_model.posts import KINDS_HEARD, Post, post
from selfd_storage import SelfTestRecord, Store, ThoughtRecord

NAME = "autobiographical recall"
THRESHOLD = 0.9
ASKED = 10  # moments at which something came to attention, and as many at which nothing happened
LEAST = 5
NEWEST = 500  # entries of the journal that moments are drawn from
LOOKED_AT = 10_000  # entries of the log

Ask = Callable[[str], Awaitable[SelfAnswer | None]]


async def autobiographical_recall(ask: Ask, store: Store, rng: random.Random) -> SelfTestRecord:
    """Ask what it did at moments that are in the log, and at moments that are not."""
    entries = list((await store.thoughts.page(first=NEWEST)).items)
    kept = [each for each in entries if await _is_logged(store, each)]
    if len(kept) < LEAST:
        reason = f"{len(kept)} entries of the journal are still in the log, it takes {LEAST}"
        return unmeasured(NAME, THRESHOLD, reason)
    asked = rng.sample(kept, min(ASKED, len(kept)))
    remembered = [await _is_told(ask, store, each) for each in asked]
    empty = await _empty_minutes(store, min(each.first for each in kept), rng)
    quiet = [not (await _told_at(ask, moment)).citations for moment in empty]
    right, count = sum(remembered) + sum(quiet), len(remembered) + len(quiet)
    told = (
        f"It told {sum(remembered)} of {len(remembered)} things that it had noted at their minute, "
        f"with the words that the log gives, and {sum(quiet)} times of {len(quiet)} that it knows "
        "of nothing at a minute at which nothing happened."
    )
    return measured(NAME, right / count, THRESHOLD, told)


async def _is_logged(store: Store, entry: ThoughtRecord) -> bool:
    """Tell whether the log still has what an entry tells of, and not too much of it to read."""
    if entry.last - entry.first >= LOOKED_AT:
        return False
    first = await store.events.page(entry.first - 1, KINDS_HEARD, 1)
    return bool(first) and first[0].sequence == entry.first


async def _is_told(ask: Ask, store: Store, entry: ThoughtRecord) -> bool:
    """Tell whether it remembers an entry as the log has it: when, what, and of whom."""
    answer = await _told_at(ask, entry.at)
    quotes = {citation.item_id: citation.quote for citation in answer.citations}
    logged = await _logged(store, entry)
    if logged is None:
        return False
    return (
        quotes.get(entry.id) == logged.text
        and logged.about == entry.about
        and abs(logged.at - entry.at) < timedelta(seconds=1)
    )


async def _logged(store: Store, entry: ThoughtRecord) -> Post | None:
    """Tell an entry's part of the log anew; None where the log is of another kind."""
    span = entry.last - entry.first + 1
    page = await store.events.page(entry.first - 1, KINDS_HEARD, min(span, LOOKED_AT))
    events = [each for each in page if each.sequence <= entry.last]
    found = post(events[0]) if events else None
    for event in events[1:]:
        same = post(event)
        if found is not None and same is not None and same.key == found.key:
            found.join(event)
    return found


async def _told_at(ask: Ask, moment: datetime) -> SelfAnswer:
    answer = await ask(f"What did you do on {moment.astimezone():%Y-%m-%d %H:%M}?")
    assert answer is not None, "questions of this form are about itself"
    return answer


async def _empty_minutes(store: Store, first: int, rng: random.Random) -> list[datetime]:
    """Return minutes of its life at which the log has nothing that it could have noted."""
    page = await store.events.page(first - 1, KINDS_HEARD, LOOKED_AT)
    busy = {int(each.at.timestamp() // 60) for each in page}
    start, end = int(page[0].at.timestamp() // 60), int(page[-1].at.timestamp() // 60)
    free = [minute for minute in range(start - ASKED, end) if minute not in busy]
    drawn = rng.sample(free, min(ASKED, len(free)))
    return [datetime.fromtimestamp(60 * minute, page[0].at.tzinfo) for minute in drawn]
