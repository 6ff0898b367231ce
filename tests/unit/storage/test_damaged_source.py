"""A damaged `selfd.db`: searches say so, and leave the index that can still be read alone."""

from pathlib import Path

import pytest

from selfd_storage import NewMemory, NotADatabaseError, Store
from selfd_storage.index import WordIndex

pytestmark = pytest.mark.anyio

PAGE = 4096


async def test_a_search_that_meets_a_damaged_page_says_so_and_keeps_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Store.open(tmp_path) as store:
        texts = [NewMemory(f"{n} lantern {n} marker") for n in range(600)]
        await store.memories.add_many(texts)
        await store.settle()
    path = tmp_path / "selfd.db"
    content = bytearray(path.read_bytes())
    page = content.index(b"300 lantern 300") // PAGE * PAGE
    content[page : page + 100] = b"\xff" * 100
    path.write_bytes(content)
    made_anew: list[WordIndex] = []

    async def start_anew(index: WordIndex) -> None:
        made_anew.append(index)

    async with await Store.open(tmp_path) as store:
        monkeypatch.setattr(WordIndex, "_start_anew", start_anew)
        with pytest.raises(NotADatabaseError, match=r"selfd\.db' is damaged") as told:
            await store.search("300 lantern", first=600)
        assert told.value.path == path
        assert (await store.search("7 lantern", first=1))[0].item.id == "memory:8"
    assert made_anew == []
