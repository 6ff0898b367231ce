"""Documents are replaced as a whole, and what did not change keeps its id."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from selfd_storage import InvalidInputError, NewChunk, NewDocument, Store
from selfd_storage.ranges import unpack_ranges

pytestmark = pytest.mark.anyio

MODIFIED = datetime(2026, 2, 1, tzinfo=UTC)


def document(path: str, *texts: str) -> NewDocument:
    chunks = [NewChunk(text, line, line) for line, text in enumerate(texts, start=1)]
    return NewDocument(path, "text/plain", 9, b"\x00" * 16, MODIFIED, chunks)


async def chunks(store: Store) -> dict[str, tuple[str, int]]:
    found = await store.documents.chunks([f"chunk:{number}" for number in range(1, 20)])
    return {chunk.id: (chunk.text, chunk.start_line) for chunk in found if chunk is not None}


async def test_a_document_comes_back_with_its_chunks(store: Store) -> None:
    record = await store.documents.put(document("/a/b.txt", "one", "two"))
    assert (record.path, record.chunk_count, record.modified_at) == ("/a/b.txt", 2, MODIFIED)
    assert await chunks(store) == {"chunk:1": ("one", 1), "chunk:2": ("two", 2)}
    assert await store.documents.count() == 1


async def test_a_chunk_that_did_not_change_keeps_its_id_wherever_it_moves(store: Store) -> None:
    first = await store.documents.put(document("/a.txt", "one", "two", "two", "three"))
    second = await store.documents.put(document("/a.txt", "new", "three", "two", "two"))
    assert (first.id, second.chunk_count) == (second.id, 4)
    assert await chunks(store) == {
        "chunk:2": ("two", 3), "chunk:3": ("two", 4), "chunk:4": ("three", 2), "chunk:5": ("new", 1)
    }  # fmt: skip
    payload = (await store.events.page(1))[0].payload
    assert list(unpack_ranges(payload["added"])) == [5]
    assert list(unpack_ranges(payload["removed"])) == [1]
    assert await store.documents.count() == 1


async def test_a_document_that_cannot_be_stored_leaves_the_old_one(store: Store) -> None:
    await store.documents.put(document("/a.txt", "one"))
    with pytest.raises(InvalidInputError, match="the chunk is empty"):
        await store.documents.put(document("/a.txt", "two", ""))
    with pytest.raises(InvalidInputError, match="the path is not valid Unicode"):
        await store.documents.put(document("/\udcff.txt", "x"))
    assert await chunks(store) == {"chunk:1": ("one", 1)}


async def test_a_removed_document_takes_its_chunks_along(store: Store) -> None:
    await store.documents.put(document("/a.txt", "one"))
    await store.documents.put(document("/b.txt", "one"))
    assert await store.documents.remove("/a.txt")
    assert not await store.documents.remove("/a.txt")
    assert await chunks(store) == {"chunk:2": ("one", 1)}
    assert await store.documents.count() == 1


async def test_a_folder_lists_what_is_below_it_and_nothing_beside_it(store: Store) -> None:
    paths = ["/a", "/a b/x", "/a/b/c.txt", "/a/x.txt", "/a0", "/ab/x", "/a%/x"]
    for path in paths:
        await store.documents.put(document(path, path))

    async def under(folder: str) -> list[str]:
        return [record.path for record in await store.documents.under(folder)]

    assert await under("/a") == ["/a", "/a/b/c.txt", "/a/x.txt"]
    assert await under("/a/") == ["/a/b/c.txt", "/a/x.txt"]
    assert await under("/a/x.txt") == ["/a/x.txt"]
    assert await under("/a%") == ["/a%/x"]
    assert await under("/") == sorted(paths)
    assert await under("/z") == []
