"""Minds of a size that tests can load, and what they say in one piece."""

from __future__ import annotations

from contextlib import aclosing
from functools import cache

from selfd_daemon.minds import Delta, Ended, Mind, Request
from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import Checkpoint
from selfd_models.config import TINY
from selfd_models.parameters import initialise
from selfd_models.patcher import calibrate
from selfd_models.patcher import count as count_contexts
from support.hybrid import invent


@cache
def tiny_checkpoint() -> Checkpoint:
    """Make a byte model of 32 wide with weights that were drawn."""
    text = invent(70_000, seed=1)
    patcher = calibrate(count_contexts(text), [text[:20_000]])
    return Checkpoint(TINY, initialise(TINY, seed=3), patcher, {}, "0")


@cache
def tiny_model() -> BuiltinModel:
    """Load the byte model of `tiny_checkpoint`."""
    return BuiltinModel(tiny_checkpoint())


async def told(mind: Mind, request: Request) -> tuple[str, Ended]:
    """Return all that a mind says, and how it ended."""
    async with aclosing(mind.generate(request)) as events:
        made = [event async for event in events]
    assert isinstance(made[-1], Ended)
    return "".join(event.text for event in made if isinstance(event, Delta)), made[-1]
