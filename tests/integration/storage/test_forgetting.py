"""Forgetting for good: after it, no file of the data folder holds a byte of what was forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from selfd_storage import CitationRecord, NewAnswer, NewMemory, NewStatement, Store
from selfd_storage._sqlite import sqlite3
from support.embedding import WordEmbedder
from support.storage import ANY_ROOM, packed, purged, scrubbed

pytestmark = pytest.mark.anyio

# No other text has these letters, in any form that words, stems or pieces of them may take.
SECRET = "Quizzaciously Xylophonix keeps the vault code 918273 under Zyzzyva's jar."
FORMER = "Quizzaciously Xylophonix kept the vault code 918273 in Zyzzyva's drawer."
PIECES = [b"uizzacious", b"ylophoni", b"yzzyva", b"918273", b"UIZZACIOUS", b"YLOPHONI"]
AT = datetime(2026, 2, 1, tzinfo=UTC)


def holding(folder: Path) -> dict[str, list[bytes]]:
    """Return the files that hold a piece of the secret, with the pieces."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            here = [piece for piece in PIECES if piece in content]
            if here:
                found[path.relative_to(folder).as_posix()] = here
    return found


def naming(folder: Path, number: int) -> dict[str, int]:
    """Return the tables of `selfd.db` with rows about a memory, and how many."""
    db = sqlite3.connect(folder / "selfd.db")
    found = {}
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        columns = {row[1] for row in db.execute(f'PRAGMA table_info("{table}")')}
        if "memory_id" in columns:
            where = "memory_id = :number"
        elif "item" in columns and "item_kind" in columns:
            where = "item = :number AND item_kind = 1"
        elif "item" in columns and "kind" in columns:
            where = "item = :number AND kind = 1"
        else:
            continue
        count = db.execute(
            f'SELECT count(*) FROM "{table}" WHERE {where}', {"number": number}
        ).fetchone()[0]
        if count:
            found[str(table)] = int(count)
    db.close()
    return found


async def fill(store: Store) -> list[str]:
    """Tell others and the secret, let everything be derived from it; return its ids.

    It is told so often that a dictionary learns it.
    """
    others = [
        NewMemory(f"Nova walked {number * 7 % 99} miles to the old harbour on day {number}.")
        for number in range(41)
    ]
    await store.memories.add_many(others)
    often = [NewMemory(f"{SECRET} This is telling {number}.") for number in range(120)]
    told = await store.memories.add_many(often)
    secret = await store.memories.add(
        NewMemory(FORMER, tags=("Zyzzyva's things",), source="Xylophonix, by mail", at=AT)
    )
    await store.memories.add(NewMemory(FORMER.upper(), source="Xylophonix again"))
    await store.memories.update(secret.id, text=SECRET)
    await store.graph.add(
        secret.id,
        [NewStatement("Xylophonix", "keeps", "the vault code 918273", False, SECRET)],
    )
    cited = (CitationRecord(secret.id, SECRET, 0.9),)
    answer = NewAnswer("Where is it?", f"You said: {SECRET}", 0.9, False, cited, "m", "t", 0.1)
    await store.conversations.record_turn(None, answer)
    await store.settle()
    for content in ("memory", "message"):
        await store.tiers.train(content)
    await packed(store)
    return [secret.id, *(memory.id for memory in told)]


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
async def test_no_file_holds_a_byte_of_what_was_forgotten(tmp_path: Path, restarted: bool) -> None:
    embedders = [WordEmbedder()]
    store = await Store.open(tmp_path, limits=ANY_ROOM, embedders=embedders)
    ids = await fill(store)
    if restarted:
        await store.close()
        store = await Store.open(tmp_path, limits=ANY_ROOM, embedders=embedders)
    for id in ids:
        assert await store.memories.forget(id)
    for content in await store.tiers.unlearn():
        await store.tiers.train(content)
    await packed(store)
    await store.tiers.drop_unused()
    await store.database.vacuum()
    await store.database.scrub()
    await purged(store)
    await scrubbed(store)
    assert holding(tmp_path) == {}
    await store.close()
    assert holding(tmp_path) == {}
    assert naming(tmp_path, int(ids[0].partition(":")[2])) == {"citations": 1}, "an empty quote"


async def test_the_scan_sees_what_is_there(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, limits=ANY_ROOM) as store:
        await fill(store)
        dictionaries = await store.database.read(
            lambda db: db.execute("SELECT body FROM dictionaries").fetchall()
        )
    assert "selfd.db" in holding(tmp_path)
    assert "index.db" in holding(tmp_path)
    assert any(piece in body for (body,) in dictionaries for piece in PIECES)
