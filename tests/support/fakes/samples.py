"""What several fakes hand out: one thing of a kind."""

from __future__ import annotations

from datetime import UTC, datetime

from selfd_graphql import MindInfo
from selfd_storage import AnswerRecord, ArticleRecord, ChunkRecord, CitationRecord, JobRecord

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MIND = MindInfo("mind:builtin", "builtin", "BUILTIN", "extractive", True, True, 1e7, None)
CHUNK = ChunkRecord("chunk:1", "document:1", "/notes/tea.md", "Steep it for three minutes.", 4, 6)
JOB = JobRecord("job:1", "INGEST", "RUNNING", 0.5, "half", NOON, NOON, None, {"files": 3}, None)
ANSWER = AnswerRecord(
    id="answer:1",
    conversation_id="conversation:1",
    question="How long?",
    text="Three minutes.",
    confidence=0.9,
    abstained=False,
    citations=(
        CitationRecord("chunk:1", "three minutes", 0.8),
        CitationRecord("memory:99", "forgotten words", 0.7),
    ),
    mind_id="mind:builtin",
    task="question",
    seconds=0.01,
    created_at=NOON,
)


def article(number: int, feed_id: str = "feed:1") -> ArticleRecord:
    """Return an article."""
    id = f"article:{number}"
    return ArticleRecord(id, feed_id, id, f"Title {number}", None, "Words.", "", None, NOON, 1)
