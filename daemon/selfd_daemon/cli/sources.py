"""Memories, articles and passages of documents as sources: what, where, when, verbatim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfd_daemon.cli.output import DIM, LINK, Part, paragraph, say
from selfd_daemon.cli.text import clean, day, minute, one_line, short_path, span

Json = Mapping[str, Any]


def source_line(item: Json) -> list[Part]:
    """Say what an item is and where it is from, in the parts of one line."""
    match item["__typename"]:
        case "DocumentChunk":
            where = f"{short_path(item['path'])}:{item['startLine']}"
            if item["endLine"] > item["startLine"]:
                where += f"-{item['endLine']}"
            return [(where, LINK), (f"  {item['id']}", DIM)]
        case "Article":
            about = f"  {item['feed']['title']}, {day(item['publishedAt']) or 'undated'}"
            return [(one_line(item["title"], 90), LINK), about, (f"  {item['id']}", DIM)]
        case _:
            source = f"  from {item['source']}" if item["source"] else ""
            kind = item["kind"].lower()
            return [(item["id"], LINK), f"  {kind}, {minute(item['createdAt'])}{source}"]


def print_answer(answer: Json, *, with_text: bool) -> None:
    """Print an answer, what it relies on, and how sure it is; streamed text is there already."""
    if with_text:
        paragraph(answer["text"])
    print_citations(answer["citations"])
    sure = "abstained" if answer["abstained"] else f"confidence {answer['confidence']:.2f}"
    mind = answer["mind"]["name"]
    say((f"\n{sure}, by {mind} in {span(answer['seconds'])}  {answer['conversationId']}", DIM))


def print_citations(citations: Sequence[Json]) -> None:
    """Print the verbatim quotes that an answer relies on, numbered as in its text."""
    for number, citation in enumerate(citations, start=1):
        say()
        say((f"[{number}] ", DIM), *source_line(citation["item"]))
        paragraph(f"“{clean(citation['quote']).strip()}”", indent=4)
        if link := citation["item"].get("url"):
            say(("    " + link, DIM))
