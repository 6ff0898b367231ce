"""Rows of a batch come and go, and none of them can tell."""

from __future__ import annotations

from functools import cache

from selfd_models.builtin import BuiltinModel
from selfd_models.checkpoint import Checkpoint
from selfd_models.config import TINY
from selfd_models.decoding.batch import Row, advance
from selfd_models.decoding.decoder import Decoder
from selfd_models.decoding.speculation import Choice
from selfd_models.parameters import initialise
from selfd_models.patcher import calibrate
from selfd_models.patcher import count as count_contexts
from support.hybrid import invent


@cache
def _checkpoint() -> Checkpoint:
    text = invent(70_000, seed=1)
    patcher = calibrate(count_contexts(text), [text[:20_000]])
    return Checkpoint(TINY, initialise(TINY, seed=3), patcher, {}, "0")


def test_each_row_is_to_the_bit_what_it_is_alone_while_others_come_and_go() -> None:
    decoder, model = Decoder(_checkpoint()), BuiltinModel(_checkpoint())
    prompts = [b"The river", b"", b"A much longer prompt, of more than one tile of bytes, answered"]
    rows = [Row(text, 20 + 15 * at, Choice(0.9, at)) for at, text in enumerate(prompts)]
    made: dict[Row, bytearray] = {row: bytearray() for row in rows}
    for step in range(200):
        here = [row for at, row in enumerate(rows) if step >= 7 * at and not row.ended]
        for row in here:
            while row.read(decoder):
                pass
        for row, byte in zip(here, advance(decoder, here), strict=True):
            made[row].append(byte)
    for at, (row, prompt) in enumerate(zip(rows, prompts, strict=True)):
        alone = model.complete(prompt.decode(), max_bytes=20 + 15 * at, temperature=0.9, seed=at)
        assert bytes(made[row]) == b"".join(alone)


def test_a_prompt_is_read_a_tile_at_a_time() -> None:
    decoder, row = Decoder(_checkpoint()), Row(bytes(70), 1, Choice())
    assert [row.read(decoder) for _ in range(4)] == [True, True, False, False]
    assert not row.ended
    advance(decoder, [row])
    assert row.ended
