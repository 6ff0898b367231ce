"""An answer's citations as a person reads them."""

from __future__ import annotations

from selfd_daemon.cli.terminal.text import clean, day, duration, minute, one_line, short_path
from selfd_daemon.clients.menubar.updates import Json

LONGEST_QUOTE = 300


def quote_lines(answer: Json) -> list[str]:
    """Return each quote with where it is from, numbered as in the answer's text."""
    return [
        f"[{number}] “{one_line(citation['quote'], LONGEST_QUOTE)}”\n{_source(citation['item'])}"
        for number, citation in enumerate(answer["citations"], start=1)
    ]


def how_sure(answer: Json) -> str:
    """Return how sure the answer is, who gave it and how fast."""
    sure = "abstained" if answer["abstained"] else f"confidence {answer['confidence']:.2f}"
    return f"{sure}, by {clean(answer['mind']['name'])} in {duration(answer['seconds'])}"


def _source(item: Json) -> str:
    match item["__typename"]:
        case "DocumentChunk":
            return f"{short_path(item['path'])}, line {item['startLine']}"
        case "Article":
            when = day(item["publishedAt"]) or "undated"
            return f"{one_line(item['title'], 90)}, {one_line(item['feed']['title'], 40)}, {when}"
        case "Thought":
            return f"journal, {minute(item['at'])}"
        case _:
            source = f" from {one_line(item['source'], 60)}" if item["source"] else ""
            return f"{item['kind'].lower()}, {minute(item['createdAt'])}{source}"
