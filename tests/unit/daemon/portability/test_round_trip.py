"""What goes out comes in: an export, its import into another store, and the export of that."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from selfd_daemon.jobs import JobRunner
from selfd_daemon.nights.generations.adapters import FILES, Adapters
from selfd_daemon.nights.generations.gate import Verdict
from selfd_daemon.nights.generations.lineage import Lineage, verified
from selfd_daemon.paths import DataFolder
from selfd_daemon.portability import PortabilityService
from selfd_graphql.errors import ServiceError
from selfd_models.checkpoint import SHIPPED, load, save
from selfd_storage import (
    CitationRecord,
    JobRecord,
    NewAnswer,
    NewArticle,
    NewChunk,
    NewDocument,
    NewGoal,
    NewMemory,
    NewMind,
    NewThought,
    PollOutcome,
    SelfTestRecord,
    SourceQuote,
    Store,
)

pytestmark = pytest.mark.anyio

START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
DATA = [
    "articles.jsonl",
    "assessments.jsonl",
    "conversations.jsonl",
    "documents.jsonl",
    "goals.jsonl",
    "journal.jsonl",
    "memories.jsonl",
    "minds.jsonl",
    "nights.jsonl",
    "reflections.jsonl",
    "self_versions.jsonl",
]


class Clock:
    """A clock that moves on with every look, by whole seconds: OPML has no finer times."""

    def __init__(self) -> None:
        self.moment = START.replace(microsecond=0)

    def __call__(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment


class House:
    """A store with its jobs, exported and imported as the daemon does."""

    def __init__(self, store: Store, jobs: JobRunner, lineage: Lineage, clock: Clock) -> None:
        self.store = store
        self.jobs = jobs
        self.lineage = lineage
        self.adapters = Adapters(store, store.folder / "adapters")
        folder = DataFolder(store.folder)
        self.portability = PortabilityService(
            store, jobs, lineage, self.adapters, folder, now=clock
        )

    async def ended(self, job: JobRecord) -> JobRecord:
        return [record async for record in self.jobs.progress(job.id)][-1]

    async def export(self, folder: Path) -> Path:
        done = await self.ended(await self.portability.export_to(str(folder)))
        assert done.error is None
        return folder

    async def take_in(self, path: Path, *, dry_run: bool = False) -> dict[str, Any]:
        started = await self.portability.import_from(str(path), dry_run=dry_run)
        done = await self.ended(started)
        assert done.error is None, done.error
        return dict(done.metrics)

    async def refusal(self, path: Path) -> str:
        done = await self.ended(await self.portability.import_from(str(path), dry_run=False))
        assert done.state == "FAILED"
        return str(done.error)


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    clock = Clock()
    async with await Store.open(folder, now=clock) as store:
        jobs = JobRunner(store, now=clock, monotonic=time.monotonic)
        lineage = Lineage(store, folder / "checkpoints", SHIPPED)
        yield House(store, jobs, lineage, clock)
        await jobs.stop()


async def furnish(store: Store) -> None:
    """Put in one of everything that is hard to keep: versions, tellings, twins, gaps, quotes."""
    await store.memories.add(NewMemory("forgotten"))
    key = await store.memories.add(
        NewMemory(
            "The key is under the pot", kind="FACT", tags=("home", "key"), source="me", at=START
        )
    )
    await store.memories.update(key.id, text="The key hangs behind the door", tags=["key"])
    await store.memories.add(NewMemory("tea: three minutes", surprise=1.234))
    await store.memories.add(NewMemory("Tea:  three minutes", at=START, tags=("tea",)))
    other = await store.memories.add(NewMemory("coffee"))
    await store.memories.update(other.id, text="tea: three minutes")
    await store.memories.forget("memory:1")
    chunks = [NewChunk("one\n", 1, 1), NewChunk("two", 2, 2)]
    await store.documents.put(NewDocument("/notes.md", "text/markdown", 7, b"\1\2", START, chunks))
    await store.documents.put(NewDocument("/b.md", "text/plain", 3, b"\3", START, chunks[:1]))
    changed = NewDocument(
        "/notes.md", "text/markdown", 8, b"\4", START, [NewChunk("0", 1, 1), *chunks]
    )
    await store.documents.put(changed)
    ducks = await store.feeds.add(url="https://ducks.example/feed", title="Ducks & <geese>")
    geese = await store.feeds.add(url="https://geese.example/feed", title="Geese")
    long = NewArticle(
        "g1", "A pond", "https://ducks.example/1", "S", "Long text. " * 30, START, "<p>"
    )
    short = NewArticle("g2", "None", None, "", "", None)
    outcome = PollOutcome(START, START)
    found = await store.feeds.record_poll(ducks.id, outcome, [short, long])
    await store.feeds.record_poll(geese.id, outcome, [long])
    cited = (
        CitationRecord(key.id, "behind the door", 0.9),
        CitationRecord(found[-1].id, "Long text.", 0.5),
        CitationRecord("chunk:1", "one", 0.4),
    )
    turn = NewAnswer(
        "Where is the key?", "Behind the door.", 0.8, False, cited, "mind:b", "q", 0.25,
        {"told.bias": 1.0},
    )  # fmt: skip
    answer = await store.conversations.record_turn(None, turn)
    await store.conversations.add_feedback(answer.id, rating=1, correction="quite so")
    await store.conversations.record_turn(answer.conversation_id, turn)
    await know_itself(store, about=(key.id, answer.id))
    quotes = [SourceQuote(key.id, "behind the door"), SourceQuote(other.id, "three minutes")]
    told = NewMemory("Doors and tea.", kind="REFLECTION", source="selfd")
    await store.reflections.add(b"\7" * 16, [key.id, other.id], told, quotes)


async def know_itself(store: Store, about: tuple[str, ...]) -> None:
    """Put in a journal, goals, nights, an assessment and minds."""
    for number in range(2):
        told = NewThought(START, "answering", 0.5, 3, 4, f"Gave {number} answers.", about)
        await store.thoughts.add(told, number)
    await store.goals.add(NewGoal("rest more"))
    own = NewGoal("lower my bits per byte", is_own=True, measure="bits", baseline=2.0, target=1.8)
    await store.goals.save((await store.goals.add(own)).id, progress=1.0, current=1.7)
    night = await store.nights.begin("2026-01-01", ["fine-tune", "distil"])
    figures = {"promoted": True, "checkpoint": "checkpoint:2", "new": {"before": 1.9, "after": 1.8}}
    await store.nights.step(night.id, 1, "RUNNING", "")
    await store.nights.step(night.id, 1, "DONE", "better: new text", figures=figures)
    await store.nights.step(night.id, 2, "SKIPPED", "there is no larger mind to learn from")
    await store.nights.save(night.id, watt_hours=4.5)
    await store.nights.end(night.id, "1 done, 1 skipped")
    await store.nights.begin("2026-01-02", ["fine-tune"])  # it is on
    test = SelfTestRecord("limits", True, True, 1.0, 0.9, "All told.")
    await store.assessments.add([test], score=1.0, seconds=9.0)
    first = await store.minds.add(
        NewMind("a", "HTTP", "http://127.0.0.1:1", {"protocol": "ollama"})
    )
    await store.minds.remove(first.id)
    second = await store.minds.add(NewMind("b", "MLX", "a/folder", {}))
    for used in (0.25, 0.5):
        await store.self_versions.add({"body": {"cpuLoad": used}, "attention": "Grüße"})
    await store.minds.add(NewMind("both", "ENSEMBLE", f"mind:builtin,{second.id}", {}))


def content(folder: Path) -> dict[str, str]:
    """Return every file but the manifest, whose time differs, and OPML's date of making."""
    found = {path.name: path.read_text() for path in folder.iterdir()}
    del found["manifest.json"]
    lines = found["feeds.opml"].splitlines()
    found["feeds.opml"] = "\n".join(line for line in lines if "dateCreated" not in line)
    return found


async def test_an_export_of_an_import_of_an_export_is_that_export(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        (tmp_path / "one" / "settings.toml").write_text("port = 7400\n")
        first = await one.export(tmp_path / "first")
    async with house(tmp_path / "two") as two:
        taken = await two.take_in(first)
        assert taken["memories"] == {"new": 4, "merged": 0, "known": 0}
        assert taken["settings"] == "taken over, from the next start on"
        second = await two.export(tmp_path / "second")
        assert await two.store.verify() == []
        then = datetime.fromisoformat(
            json.loads((first / "self_versions.jsonl").read_text().splitlines()[0])["at"]
        )
        version = await two.store.self_versions.as_of(then)
        assert version is not None
        assert version.state["body"] == {"cpuLoad": 0.25}
        assert [hit.item.id for hit in await two.store.search("behind the door", first=1)] == [
            "memory:2"
        ]
        assert (await two.store.memories.get(["memory:2"], as_of=START + timedelta(seconds=5)))[0]
    assert content(second) == content(first)
    assert all((first / name).stat().st_size > 0 for name in DATA)
    assert "# Conversations" in (first / "conversations.md").read_text()


async def test_reports_of_nights_come_along_and_a_night_that_is_on_stays(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        first = await one.export(tmp_path / "first")
        (told,) = (night for night in await one.store.nights.latest() if night.ended_at)
    async with house(tmp_path / "two") as two:
        await two.store.nights.begin("2025-12-31", ["fine-tune"])
        assert (await two.take_in(first))["nights"] == {"new": 1, "merged": 0, "known": 0}
        here = await two.store.nights.of_day("2026-01-01")
        assert here is not None
        assert (here.id, here.watt_hours, here.note) == ("night:2", 4.5, told.note)
        assert here.steps == told.steps
        assert await two.store.nights.of_day("2026-01-02") is None
        assert (await two.take_in(first))["nights"] == {"new": 0, "merged": 0, "known": 1}


async def test_taking_it_in_again_changes_nothing(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        first = await one.export(tmp_path / "first")
        again = await one.take_in(first)
        for kind in ("memories", "articles", "documents", "feeds", "conversations"):
            assert (again[kind]["new"], again[kind]["merged"]) == (0, 0), kind
        assert content(await one.export(tmp_path / "second")) == content(first)


async def test_two_stores_become_one_and_citations_follow_their_items(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        first = await one.export(tmp_path / "first")
    async with house(tmp_path / "two") as two:
        mine = await two.store.memories.add_many([NewMemory(f"mine {n}") for n in range(9)])
        await two.store.memories.add(NewMemory("tea: three minutes"))
        would = await two.take_in(first, dry_run=True)
        assert await two.store.memories.count() == 10
        taken = await two.take_in(first)
        assert would["memories"]["new"] == taken["memories"]["new"] == 2
        assert taken["memories"]["merged"] == 2
        kept = await two.store.memories.get([each.id for each in mine])
        assert [(each.id, each.text) for each in kept if each] == [
            (each.id, each.text) for each in mine
        ]
        [message] = (await two.store.conversations.messages("conversation:1"))[1:2]
        assert message.answer is not None
        (memory,) = await two.store.memories.get([message.answer.citations[0].item_id])
        assert memory is not None
        assert "behind the door" in memory.text
        assert (await two.take_in(first))["memories"]["known"] == 4


async def test_plain_memories_and_lists_of_feeds_come_in_alone(tmp_path: Path) -> None:
    plain = tmp_path / "plain.jsonl"
    lines: list[dict[str, Any]] = [
        {"text": "only a text"},
        {"text": "all", "kind": "fact", "tags": ["a"], "source": "s", "at": "2020-01-02T03:04:05Z"},
        {"text": "ONLY a text"},
    ]
    plain.write_text("\n\n".join(map(json.dumps, lines)))
    opml = tmp_path / "feeds.opml"
    opml.write_text('<opml><body><outline xmlUrl="https://a.example/f" text="A"/></body></opml>')
    async with house(tmp_path / "data") as one:
        assert (await one.take_in(plain, dry_run=True))["memories"]["new"] == 3
        assert (await one.take_in(plain))["memories"] == {"new": 2, "merged": 0, "known": 1}
        assert (await one.take_in(plain))["memories"] == {"new": 0, "merged": 0, "known": 3}
        newest, oldest = (await one.store.memories.page()).items
        assert (oldest.kind, oldest.tags, oldest.source) == ("FACT", ("a",), "s")
        assert oldest.created_at == datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert newest.text == "only a text"
        assert (await one.take_in(opml))["feeds"]["new"] == 1
        assert [feed.title for feed in await one.store.feeds.all()] == ["A"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "line 2: it is no JSON"),
        ("[1]", "line 2: it is no JSON object"),
        ('{"kind": "NOTE"}', "line 2: 'text' must be text, got None"),
        ('{"text": " "}', "line 2: the text is empty"),
        ('{"text": "a", "kind": "SONG"}', "line 2: 'kind' must be one of FACT"),
        ('{"text": "a", "at": "noon"}', "line 2: 'at' must be a time with an offset"),
        ('{"text": "a", "tags": "b"}', "line 2: 'tags' must be a list of texts"),
    ],
)
async def test_a_line_that_is_wrong_is_named(tmp_path: Path, line: str, words: str) -> None:
    plain = tmp_path / "plain.jsonl"
    plain.write_text(f'{{"text": "good"}}\n{line}\n')
    async with house(tmp_path / "data") as one:
        said = await one.refusal(plain)
        assert said.startswith(f"plain.jsonl, {words}")
        assert await one.store.memories.count() == 0, "a batch comes in whole or not at all"


async def test_a_damaged_export_is_refused_and_says_what_is_intact(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        first = await one.export(tmp_path / "first")
    memories = first / "memories.jsonl"
    memories.write_text(memories.read_text().replace("door", "boor"))
    async with house(tmp_path / "two") as two:
        said = await two.refusal(first)
        assert said.startswith("memories.jsonl is missing or not as it was exported")
        assert "intact are documents.jsonl, feeds.opml" in said
        assert await two.store.documents.count() == 0
        (first / "manifest.json").unlink()
        assert "is no export of selfd" in await two.refusal(first)


async def test_what_cannot_be_done_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter").write_text("mine")
    async with house(tmp_path / "data") as one:
        for path, words in (
            ("relative", "must be absolute"),
            (str(tmp_path / "no" / "folder"), "there is no folder"),
            (str(tmp_path / "full"), "is there already and not empty"),
        ):
            with pytest.raises(ServiceError, match=words):
                await one.portability.export_to(path)
        with pytest.raises(ServiceError, match="no such file or folder"):
            await one.portability.import_from(str(tmp_path / "nowhere"), dry_run=False)
        assert "is nothing that can be imported" in await one.refusal(tmp_path / "full" / "letter")


async def test_what_quotes_a_memory_goes_with_it_after_an_import_too(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        first = await one.export(tmp_path / "first")
    async with house(tmp_path / "two") as two:
        await two.store.memories.add_many([NewMemory(f"mine {n}") for n in range(9)])
        taken = await two.take_in(first)
        assert taken["reflections"] == {"new": 1, "merged": 0, "known": 0}
        assert (await two.take_in(first))["reflections"] == {"new": 0, "merged": 0, "known": 1}
        (key,) = await two.store.search("behind the door", first=1, scope=("MEMORY",))
        assert await two.store.reflections.is_done(b"\7" * 16)
        await two.store.memories.forget(key.item.id)
        left = [each.text for each in (await two.store.memories.page()).items]
        assert "Doors and tea." not in left
        assert not await two.store.reflections.is_done(b"\7" * 16)


async def test_a_version_of_the_self_that_was_changed_on_the_way_is_refused(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        first = await one.export(tmp_path / "first")
    versions = first / "self_versions.jsonl"
    lines = [json.loads(line) for line in versions.read_text().splitlines()]
    lines[1]["state"]["body"]["cpuLoad"] = 0.01
    versions.write_text("".join(json.dumps(line) + "\n" for line in lines))
    manifest = first / "manifest.json"
    facts = json.loads(manifest.read_text())
    packed = versions.read_bytes()
    facts["files"][versions.name] |= {
        "bytes": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(),
    }
    manifest.write_text(json.dumps(facts))
    async with house(tmp_path / "two") as two:
        said = await two.refusal(first)
        assert "self_versions.jsonl, line 2: 'hash' is not that of this moment and state" in said


async def _teach(here: House, candidate: Path) -> None:
    """Make two generations, one that serves and one that was rejected."""
    shipped = load(SHIPPED)
    root = await here.lineage.begin()
    for promoted in (True, False):
        told = {"taught": promoted}
        save(candidate, shipped.parameters, shipped.patcher, shipped.config, told)
        await here.lineage.adopt(
            candidate,
            parent=root,
            origin="FINETUNE",
            promoted=promoted,
            reason="better" if promoted else "worse",
            figures={"new": {"before": 1.8, "after": 1.7}},
            data_hash="ab",
            items=["memory:2"],
        )


async def test_weights_come_along_serve_there_and_are_forgotten_with_what_taught_them(
    tmp_path: Path,
) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        await _teach(one, tmp_path / "candidate")
        out = await one.export(tmp_path / "out")
        theirs = await one.lineage.all()
        served = one.lineage.serving.read_bytes()
    async with house(tmp_path / "two") as two:
        await two.lineage.begin()
        assert (await two.take_in(out, dry_run=True))["checkpoints"] == {"new": 2, "known": 1}
        assert len(await two.lineage.all()) == 1
        assert (await two.take_in(out))["checkpoints"] == {"new": 2, "known": 1}
        assert (await two.take_in(out))["checkpoints"] == {"new": 0, "known": 3}
        ours = await two.lineage.all()
        assert verified(ours)
        assert ours[1:] == theirs[1:]
        assert two.lineage.serving.read_bytes() == served
        again = await two.export(tmp_path / "again")
        lines = [folder / "checkpoints.jsonl" for folder in (out, again)]
        assert lines[0].read_text().splitlines()[1:] == lines[1].read_text().splitlines()[1:]
        assert await two.lineage.forget(["memory:2"]) is not None
        assert two.lineage.serving == SHIPPED


async def _adapt(here: House, candidate: Path) -> None:
    """Make two adapters of a mind, one that is on and one that was rejected."""
    mind = await here.store.minds.add(NewMind("larger", "MLX", "/models/larger", {}))
    for promoted in (True, False):
        candidate.mkdir()
        for name in FILES:
            (candidate / name).write_text(f"{name}, {promoted}")
        await here.adapters.adopt(
            candidate,
            parent=await here.adapters.active(mind.id, mind.model),
            verdict=Verdict(promoted, "better" if promoted else "worse"),
            figures={"new": {"before": 1.8, "after": 1.7}},
            data_hash="ab",
            items=["memory:2"],
        )


async def test_adapters_come_along_and_are_on_for_the_mind_of_their_name(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await furnish(one.store)
        await one.lineage.begin()
        await _adapt(one, tmp_path / "candidate")
        out = await one.export(tmp_path / "out")
        theirs = [each for each in await one.store.checkpoints.every() if each.mind]
    async with house(tmp_path / "two") as two:
        await two.lineage.begin()
        await two.store.minds.add(NewMind("another", "MLX", "/models/another", {}))
        assert (await two.take_in(out, dry_run=True))["checkpoints"] == {"new": 3, "known": 1}
        assert (await two.take_in(out))["checkpoints"] == {"new": 3, "known": 1}
        assert (await two.take_in(out))["checkpoints"] == {"new": 0, "known": 4}
        [mind] = [each for each in await two.store.minds.all() if each.name == "larger"]
        ours = await two.store.checkpoints.all(mind.id)
        assert [(each.chain, each.active) for each in ours] == [
            (each.chain, each.active) for each in theirs
        ]
        on = await two.adapters.serving(mind.id)
        assert on is not None
        assert [(on / name).read_text() for name in FILES] == [f"{name}, True" for name in FILES]
        again = await two.export(tmp_path / "again")
        lines = [
            [
                line
                for line in (folder / "checkpoints.jsonl").read_text().splitlines()
                if "LORA" in line
            ]
            for folder in (out, again)
        ]
        assert lines[0] == lines[1]
        assert len(lines[0]) == 2
        await two.adapters.forget(["memory:2"])
        assert await two.adapters.serving(mind.id) is None


async def test_weights_that_are_not_those_of_their_line_are_refused(tmp_path: Path) -> None:
    async with house(tmp_path / "one") as one:
        await _teach(one, tmp_path / "candidate")
        out = await one.export(tmp_path / "out")
    lines = (out / "checkpoints.jsonl").read_text()
    wrong = json.loads(lines.splitlines()[1])["hash"]
    (out / "checkpoints.jsonl").write_text(lines.replace(wrong, "0" * len(wrong)))
    async with house(tmp_path / "two") as two:
        assert "not as it was exported" in await two.refusal(out)


async def test_what_it_knows_of_itself_joins_what_is_there_and_names_it_rightly(
    tmp_path: Path,
) -> None:
    async with house(tmp_path / "one") as one:
        key = await one.store.memories.add(NewMemory("The key hangs behind the door"))
        await know_itself(one.store, about=(key.id, "answer:7"))
        out = await one.export(tmp_path / "out")
    async with house(tmp_path / "two") as two:
        await two.store.memories.add_many([NewMemory(f"mine {n}") for n in range(3)])
        mine = await two.store.minds.add(NewMind("mine", "MLX", "another/folder", {}))
        await two.store.goals.add(
            NewGoal("lower them", is_own=True, measure="bits", baseline=1.9, target=1.7)
        )
        taken = await two.take_in(out)
        assert taken["journal"] == {"new": 2, "merged": 0, "known": 0}
        assert taken["goals"] == {"new": 1, "merged": 0, "known": 1}
        assert taken["minds"] == {"new": 3, "merged": 0, "known": 0}
        thoughts = (await two.store.thoughts.page()).items
        assert {each.about for each in thoughts} == {("memory:4",)}
        assert (thoughts[0].first, thoughts[0].last) == (0, 0)
        minds = {each.name: each for each in await two.store.minds.all()}
        assert minds["mine"].id == mine.id
        assert minds["both"].model == f"mind:builtin,{minds['b'].id}"
        assert await two.store.verify() == []
        again = await two.take_in(out)
        assert [again[kind]["new"] for kind in ("journal", "goals", "minds", "assessments")] == [
            0,
            0,
            0,
            0,
        ]
        assert "Gave 1 answers." in (await two.export(tmp_path / "o") / "journal.md").read_text()
