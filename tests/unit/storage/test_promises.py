"""Over any sequence of telling, changing, packing and forgetting, the store keeps its promises."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from selfd_storage import MemoryRecord, NewMemory, Store
from selfd_storage.language.wording import wording_of
from support.storage import ANY_ROOM, packed

TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=200).filter(str.strip),
    st.builds(
        "{} walked {} miles to the {}.".format,
        st.sampled_from(("Ada", "Grace", "Alan")),
        st.integers(0, 30),
        st.sampled_from(("harbour", "market", "old mill")),
    ),
)


class Promises(RuleBasedStateMachine):
    """What is told is there word for word, is found, and is gone once it is forgotten."""

    told = Bundle("told")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="selfd-promises-")
        self.expected: dict[str, tuple[str, int]] = {}
        self.gone: set[str] = set()
        self.store = self._open()

    def _open(self) -> Store:
        return self.loop.run_until_complete(
            Store.open(Path(self.folder.name), limits=ANY_ROOM, busy_seconds=20)
        )

    def teardown(self) -> None:
        self.loop.run_until_complete(self.store.close())
        self.loop.close()
        self.folder.cleanup()

    @rule(target=told, text=TEXTS)
    def tell(self, text: str) -> str:
        memory = self.loop.run_until_complete(self.store.memories.add(NewMemory(text)))
        if memory.id in self.expected:
            said, count = self.expected[memory.id]
            assert wording_of(said).same_as(wording_of(text))
            self.expected[memory.id] = (said, count + 1)
        else:
            assert memory.id not in self.gone, "a number is never used again"
            self.expected[memory.id] = (text, 1)
        assert (memory.text, memory.occurrences) == self.expected[memory.id]
        return memory.id

    @rule(id=told, text=TEXTS)
    def change(self, id: str, text: str) -> None:
        if id in self.expected:
            self.loop.run_until_complete(self.store.memories.update(id, text=text))
            self.expected[id] = (text, self.expected[id][1])

    @rule(id=consumes(told))
    def forget(self, id: str) -> None:
        was_there = self.expected.pop(id, None) is not None
        self.gone.add(id)
        assert self.loop.run_until_complete(self.store.memories.forget(id)) == was_there

    @rule()
    def pack(self) -> None:
        self.loop.run_until_complete(self.store.tiers.unlearn())
        self.loop.run_until_complete(self.store.tiers.train("memory"))
        self.loop.run_until_complete(packed(self.store))
        self.loop.run_until_complete(self.store.tiers.drop_unused())
        self.loop.run_until_complete(self.store.tiers.tighten())

    @rule()
    def start_anew(self) -> None:
        self.loop.run_until_complete(self.store.close())
        self.store = self._open()

    @rule(id=told)
    def recall(self, id: str) -> None:
        hits = self.loop.run_until_complete(
            self.store.search(self.expected.get(id, ("nothing", 0))[0], first=100)
        )
        found = {hit.item.id: hit for hit in hits}
        assert self.gone.isdisjoint(found), "what was forgotten is found"
        for hit in hits:
            assert isinstance(hit.item, MemoryRecord)
            assert hit.item.text == self.expected[hit.item.id][0]

    @invariant()
    def all_that_was_told_is_there_word_for_word(self) -> None:
        page = self.loop.run_until_complete(self.store.memories.page(first=1000))
        assert {each.id: (each.text, each.occurrences) for each in page.items} == self.expected
        assert self.loop.run_until_complete(self.store.memories.count()) == len(self.expected)

    @invariant()
    def nothing_is_damaged(self) -> None:
        assert self.loop.run_until_complete(self.store.verify()) == []


Promises.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestPromises = Promises.TestCase
