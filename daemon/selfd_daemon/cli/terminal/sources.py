"""Memories, articles and passages of documents as sources: what, where, when, verbatim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfd_daemon.cli.terminal.output import DIM, LINK, Part, paragraph, say
from selfd_daemon.cli.terminal.text import clean, day, duration, minute, one_line, short_path

Json = Mapping[str, Any]


def source_line(item: Json) -> list[Part]:
    """Say what an item is and where it is from, in the parts of one line."""
    match item["__typename"]:
        case "DocumentChunk":
            where = f"{short_path(item['path'])}:{item['startLine']}"
            if item["endLine"] > item["startLine"]:
                where += f"-{item['endLine']}"
            heading = f"  {one_line(item['heading'], 60)}" if item.get("heading") else ""
            return [(where, LINK), heading, (f"  {item['id']}", DIM)]
        case "Article":
            about = f"  {item['feed']['title']}, {day(item['publishedAt']) or 'undated'}"
            return [(one_line(item["title"], 90), LINK), about, (f"  {item['id']}", DIM)]
        case "Thought":
            return [(item["id"], LINK), f"  journal, {minute(item['at'])}"]
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
    say((f"\n{sure}, by {mind} in {duration(answer['seconds'])}  {answer['conversationId']}", DIM))


def print_citations(citations: Sequence[Json]) -> None:
    """Print the verbatim quotes that an answer relies on, numbered as in its text."""
    for number, citation in enumerate(citations, start=1):
        say()
        item = _narrowed(citation["item"], citation["quote"])
        say((f"[{number}] ", DIM), *source_line(item))
        paragraph(f"“{clean(citation['quote']).strip()}”", indent=4)
        if link := item.get("url"):
            say(("    " + link, DIM))


def _narrowed(item: Json, quote: str) -> Json:
    """Narrow a passage to the lines of the quote.

    A passage of a PDF or a book has more lines than its numbers say: it begins with the page or
    chapter that it is from, which then is shown.
    """
    if item["__typename"] != "DocumentChunk" or quote not in item["text"]:
        return item
    text = item["text"]
    heading = ""
    if text.count("\n") > item["endLine"] - item["startLine"]:
        heading, _, text = text.partition("\n\n")
    start = item["startLine"] + text.count("\n", 0, max(text.find(quote), 0))
    lines = {"startLine": start, "endLine": start + quote.strip().count("\n")}
    return {**item, **lines, "heading": heading}
