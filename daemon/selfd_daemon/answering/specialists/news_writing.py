"""Writing what the news say: quotes with source and date, and where their sources differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from selfd_daemon.answering.composing import Composed
from selfd_daemon.answering.retrieval.origins import Names, origin
from selfd_daemon.knowledge.disputes import Dispute
from selfd_daemon.knowledge.service import ToldStory
from selfd_storage import ArticleRecord, CitationRecord

MOST_DISPUTES = 2  # of a story
DIFFER = "Here the sources differ: "


@dataclass(frozen=True, slots=True)
class Piece:
    """One story of an answer: the sentence that is quoted, and the story that it belongs to."""

    article: ArticleRecord
    quote: str
    score: float
    story: ToldStory | None


class Writer:
    """Writes pieces with their citations until there is no room for one more."""

    def __init__(self, names: Names, max_bytes: int) -> None:
        """Take the names of the feeds, by id."""
        self._names = names
        self._room = max_bytes
        self._pieces: list[str] = []
        self._citations: list[CitationRecord] = []

    def say(self, text: str) -> None:
        """Add words that quote nothing."""
        self._put(text, [])

    def add(self, piece: Piece) -> None:
        """Add a story, and where its sources differ."""
        sources = 1 if piece.story is None else piece.story.record.sources
        more = f", told by {sources} sources" if sources > 1 else ""
        source = f"{origin(piece.article, self._names)}{more}"
        line = f"{piece.quote} ({source}) [{len(self._citations) + 1}]"
        cited = CitationRecord(piece.article.id, piece.quote, round(min(1.0, piece.score), 4))
        if self._put("\n" * bool(self._pieces) + line, [cited]) and piece.story is not None:
            for dispute in piece.story.comparison.disputes[:MOST_DISPUTES]:
                self.differ(piece.story, dispute)

    def differ(self, story: ToldStory, dispute: Dispute) -> None:
        """Quote both sides of a dispute."""
        articles = {article.id: article for article in story.record.articles}
        said: list[str] = []
        cited: list[CitationRecord] = []
        for claim in (dispute.one, dispute.other):
            article = articles[claim.article_id]
            number = len(self._citations) + len(cited) + 1
            said.append(f"{origin(article, self._names)}: “{claim.text}” [{number}]")
            cited.append(CitationRecord(article.id, claim.text, 1.0))
        self._put("\n" * bool(self._pieces) + DIFFER + "; ".join(said), cited)

    def composed(self) -> Composed:
        """Return what was written."""
        return Composed(tuple(self._pieces), tuple(self._citations))

    def _put(self, text: str, cited: Sequence[CitationRecord]) -> bool:
        """Write a text if there is room for it, the first one as far as there is."""
        if len(text.encode()) > self._room:
            if self._pieces:
                return False
            text = text.encode()[: self._room].decode("utf-8", "ignore")
            cited = [each for each in cited if each.quote in text]
        self._room -= len(text.encode())
        self._pieces.append(text)
        self._citations += cited
        return True
