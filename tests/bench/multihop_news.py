"""The 247 news articles of autumn 2023 that the questions of MultiHop-RAG cite (ODC-BY 1.0)."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard


@dataclass(frozen=True, slots=True)
class News:
    """An article as far as it is known: `text` are the passages that questions quote from it."""

    number: int
    at: datetime
    source: str
    title: str
    url: str
    text: str


def read_questions(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the questions, each with the evidence that answers it; some have none."""
    return _read(folder / "multihoprag_queries")


def news(folder: Path) -> list[News]:
    """Read the articles, oldest first."""
    passages = {each["id"]: each["text"] for each in _read(folder / "multihoprag_passages")}
    articles: dict[str, Mapping[str, Any]] = {}
    texts: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for query in read_questions(folder):
        for evidence in query["evidence"]:
            articles[evidence["url"]] = evidence
            quoted = [passages[id] for id in evidence["passages"] if id in passages]
            texts[evidence["url"]].update(dict.fromkeys([*quoted, evidence["fact"]]))
    found = [
        News(
            number,
            datetime.fromisoformat(article["published_at"]),
            article["source"],
            article["title"],
            url,
            _joined(list(texts[url])),
        )
        for number, (url, article) in enumerate(articles.items())
    ]
    return sorted(found, key=lambda each: each.at)


def _joined(quoted: Sequence[str]) -> str:
    return " ".join(sorted(quoted, key=len))


def _read(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.with_suffix(".jsonl.zst").open("rb") as file:
        plain = zstandard.ZstdDecompressor().stream_reader(file)
        yield from map(json.loads, io.TextIOWrapper(plain, "utf-8"))
