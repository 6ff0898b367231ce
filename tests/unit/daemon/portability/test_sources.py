"""What other programs leave behind comes in as it was, and only once."""

from __future__ import annotations

import shutil
import sqlite3
import time
import zipfile
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from selfd_daemon.clock import utc_now
from selfd_daemon.jobs import JobRunner
from selfd_daemon.nights.generations.adapters import Adapters
from selfd_daemon.nights.generations.lineage import Lineage
from selfd_daemon.paths import DataFolder
from selfd_daemon.portability import PortabilityService
from selfd_models.checkpoint import SHIPPED
from selfd_storage import JobRecord, MemoryRecord, Store

pytestmark = pytest.mark.anyio

SAMPLES = Path(__file__).parent / "samples"
# The tables of chromadb 1.5 that hold documents, as its migrations make them.
CHROMA = """
CREATE TABLE "collections" (id TEXT PRIMARY KEY, name TEXT NOT NULL, dimension INTEGER,
    database_id TEXT NOT NULL, config_json_str TEXT, schema_str TEXT, UNIQUE (name, database_id));
CREATE TABLE "segments" (id TEXT PRIMARY KEY, type TEXT NOT NULL, scope TEXT NOT NULL,
    collection TEXT NOT NULL);
CREATE TABLE embeddings (id INTEGER PRIMARY KEY, segment_id TEXT NOT NULL,
    embedding_id TEXT NOT NULL, seq_id BLOB NOT NULL,
    created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, UNIQUE (segment_id, embedding_id));
CREATE TABLE embedding_metadata (id INTEGER, key TEXT NOT NULL, string_value TEXT,
    int_value INTEGER, float_value REAL, bool_value INTEGER, PRIMARY KEY (id, key));
INSERT INTO collections VALUES
    ('c1', 'diary', 4, 'd', '{}', NULL), ('c2', 'empty', 4, 'd', '{}', NULL);
INSERT INTO segments VALUES
    ('v1', 'urn:chroma:segment/vector/hnsw-local-persisted', 'VECTOR', 'c1'),
    ('m1', 'urn:chroma:segment/metadata/sqlite', 'METADATA', 'c1');
INSERT INTO embeddings VALUES (1, 'm1', 'a', 1, '2025-05-01 10:00:00'),
    (2, 'm1', 'b', 2, '2025-05-02 10:00:00'), (3, 'm1', 'c', 3, '2025-05-03 10:00:00');
INSERT INTO embedding_metadata VALUES
    (1, 'chroma:document', 'The boiler was serviced by Ines.', NULL, NULL, NULL),
    (1, 'source', 'house.md', NULL, NULL, NULL), (1, 'page', NULL, 3, NULL, NULL),
    (2, 'chroma:document', 'Paid the piano tuner 90 euros.', NULL, NULL, NULL),
    (2, 'timestamp', NULL, 1714550400, NULL, NULL),
    (3, 'note', 'a vector without a document', NULL, NULL, NULL);
"""


@pytest.fixture
async def jobs(store: Store, anyio_backend: str) -> AsyncIterator[JobRunner]:
    runner = JobRunner(store, now=utc_now, monotonic=time.monotonic)
    yield runner
    await runner.stop()


@pytest.fixture
def portability(store: Store, jobs: JobRunner) -> PortabilityService:
    lineage = Lineage(store, store.folder / "checkpoints", SHIPPED)
    adapters = Adapters(store, store.folder / "adapters")
    return PortabilityService(store, jobs, lineage, adapters, DataFolder(store.folder), now=utc_now)


@pytest.fixture
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples, with a store of Chroma and an archive beside them."""
    folder = tmp_path_factory.mktemp("others") / "sources"
    shutil.copytree(SAMPLES, folder)
    (folder / "chroma").mkdir()
    db = sqlite3.connect(folder / "chroma" / "chroma.sqlite3")
    db.executescript(CHROMA)
    db.close()
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        archive.write(SAMPLES / "chatgpt" / "conversations.json", "conversations.json")
        archive.writestr("user.json", "{}")
    plain = [{"text": "The spare key is under the pot.", "tags": ["home"]}]
    (folder / "plain.json").write_bytes(orjson.dumps(plain))
    return folder


async def done(
    portability: PortabilityService, jobs: JobRunner, path: Path, *, dry_run: bool = False
) -> JobRecord:
    started = await portability.import_from(str(path), dry_run=dry_run)
    return [record async for record in jobs.progress(started.id)][-1]


async def memories(store: Store) -> dict[str, MemoryRecord]:
    return {each.text: each for each in (await store.memories.page(first=100)).items}


NEW = {
    "chatgpt": {"memories": 2, "conversations": 1},
    "export.zip": {"memories": 2, "conversations": 1},
    "claude": {"memories": 1, "conversations": 1},
    "claude/conversations.json": {"memories": 1, "conversations": 1},
    "mem0.json": {"memories": 2},
    "chroma": {"memories": 2},
    "chroma/chroma.sqlite3": {"memories": 2},
    "notes": {"memories": 3},
    "plain.json": {"memories": 1},
}


@pytest.mark.parametrize("name", NEW)
async def test_a_dry_run_counts_an_import_takes_in_and_a_second_one_finds_all_known(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path, name: str
) -> None:
    for dry_run, word in ((True, "new"), (False, "new"), (False, "known"), (True, "known")):
        job = await done(portability, jobs, sources / name, dry_run=dry_run)
        assert job.state == "SUCCEEDED", job.error
        found = {kind: job.metrics[kind] for kind in NEW[name]}
        assert found == {kind: counts(word, count) for kind, count in NEW[name].items()}
        assert "settings" not in job.metrics
    assert await store.memories.count() == NEW[name]["memories"]
    assert await store.verify() == []


def counts(word: str, count: int) -> Mapping[str, int]:
    return {"new": 0, "merged": 0, "known": 0} | {word: count}


async def test_chatgpt_gives_the_path_that_was_seen_last(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path
) -> None:
    await done(portability, jobs, sources / "chatgpt")
    (talk,) = (await store.conversations.page()).items
    said = await store.conversations.messages(talk.id)
    assert (talk.title, talk.created_at) == (
        "Tomato seedlings",
        datetime(2024, 5, 1, 8, 0, 0, 125_000, UTC),
    )
    assert [(each.role, each.text) for each in said] == [
        ("user", "My tomato seedlings turn yellow since last Tuesday. What can it be?"),
        ("assistant", "They may lack nitrogen, or stand too wet."),
        ("user", "I water them twice a day, here is a picture."),
    ]
    kept = await memories(store)
    assert set(kept) == {said[0].text, said[2].text}, "what the assistant said is no memory"
    memory = kept[said[0].text]
    assert (memory.kind, memory.source) == ("EPISODE", "ChatGPT: Tomato seedlings")
    assert memory.created_at == datetime(2024, 5, 1, 8, 0, 1, tzinfo=UTC)


async def test_claude_gives_what_was_said_without_thoughts_and_tools(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path
) -> None:
    await done(portability, jobs, sources / "claude")
    said = await store.conversations.messages("conversation:1")
    assert [each.text for each in said] == [
        "We stay in Ghent from 4 to 7 April and travel with a wheelchair.",
        "The Gravensteen has a lift to the first floor only.",
    ]
    (memory,) = (await memories(store)).values()
    assert (memory.text, memory.source) == (said[0].text, "Claude: Trip to Ghent")


async def test_mem0_gives_facts_with_time_owner_and_categories(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path
) -> None:
    await done(portability, jobs, sources / "mem0.json")
    kept = await memories(store)
    first, second = kept["Nova is allergic to walnuts"], kept["Prefers trains over planes"]
    assert (first.kind, first.source, first.tags) == ("FACT", "mem0: nova", ("health", "food"))
    assert first.created_at == datetime(2025, 2, 27, 16, 33, 20, 557_000, UTC)
    assert second.created_at == datetime(2025, 3, 2, 16, tzinfo=UTC)


async def test_chroma_gives_documents_with_collection_source_and_time(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path
) -> None:
    await done(portability, jobs, sources / "chroma")
    kept = await memories(store)
    boiler = kept["The boiler was serviced by Ines."]
    assert (boiler.source, boiler.created_at.isoformat()) == (
        "diary: house.md",
        "2025-05-01T10:00:00+00:00",
    )
    assert kept["Paid the piano tuner 90 euros."].created_at.isoformat()[:10] == "2024-05-01"


async def test_notes_keep_their_names_and_folders(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path
) -> None:
    await done(portability, jobs, sources / "notes")
    found = {each.source: each.text for each in (await memories(store)).values()}
    assert found["notes/Recipes"].startswith("Lentil soup\n\nTwo cups of red lentils")
    texts = list(await memories(store))
    assert any("winter tyres" in text and text.startswith("# Car") for text in texts)
    assert any("Dr. Voss is away until 12 May." in text and "<" not in text for text in texts)


async def test_a_conversation_that_went_on_is_taken_in_from_where_it_was(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path
) -> None:
    file = sources / "claude" / "conversations.json"
    await done(portability, jobs, file)
    content: list[dict[str, Any]] = orjson.loads(file.read_bytes())
    more = {"sender": "human", "created_at": "2025-03-02T09:00:00Z", "text": "Is there a ramp?"}
    content[0]["chat_messages"].append(more)
    file.write_bytes(orjson.dumps(content))
    job = await done(portability, jobs, file)
    assert job.metrics["conversations"] == counts("merged", 1)
    assert job.metrics["memories"] == {"new": 1, "merged": 0, "known": 1}
    assert job.message == "1 new, 1 here already"
    assert len(await store.conversations.messages("conversation:1")) == 3


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.json", b"[{]", "is no JSON"),
        ("a.json", b'{"some": "thing"}', "is nothing that can be imported"),
        ("a.json", b'[{"text": "x"}, 7]', "a.json, line 2: it is no JSON object"),
        ("a.zip", b"PK nothing", "cannot be read as a ZIP archive"),
        ("chroma.sqlite3", b"SQLite format 3\0garbage", "cannot be read as a store of Chroma"),
        ("a.bin", b"\0\1", "is nothing that can be imported"),
    ],
)
async def test_what_cannot_be_read_is_refused_with_the_reason(
    store: Store, portability: PortabilityService, jobs: JobRunner, sources: Path,
    name: str, content: bytes, problem: str,
) -> None:  # fmt: skip
    (sources / name).write_bytes(content)
    job = await done(portability, jobs, sources / name)
    assert job.state == "FAILED"
    assert problem in str(job.error)
    assert await store.memories.count() == 0
