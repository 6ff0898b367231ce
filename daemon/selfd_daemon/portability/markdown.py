"""The readable copy: memories, conversations and articles as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Shown = Callable[[Mapping[str, Any]], str]


def memory(line: Mapping[str, Any]) -> str:
    """Return a memory as a paragraph with when and whence."""
    facts = [line["at"][:10], line["kind"].lower(), *(f"#{tag}" for tag in line["tags"])]
    if line["source"]:
        facts.append(f"from {line['source']}")
    return f"{line['text']}\n\n*{' · '.join(facts)}*\n\n---\n\n"


def conversation(line: Mapping[str, Any]) -> str:
    """Return a conversation with the quotes that its answers rely on."""
    answers = {answer["message"]: answer for answer in line["answers"]}
    parts = [f"## {line['title']}\n\n*{line['createdAt'][:10]}*\n\n"]
    for place, message in enumerate(line["messages"]):
        who = "You" if message["role"] == "user" else "selfd"
        parts.append(f"**{who}**: {message['text']}\n\n")
        for citation in answers.get(place, {}).get("citations", ()):
            quote = citation["quote"].replace("\n", "\n> ")
            parts.append(f"> {quote}\n> — {citation['item']}\n\n")
    return "".join(parts)


def article(line: Mapping[str, Any]) -> str:
    """Return an article with its address."""
    title = f"[{line['title']}]({line['url']})" if line["url"] else line["title"]
    at = (line["publishedAt"] or line["fetchedAt"])[:10]
    return f"## {title}\n\n*{at} · {line['feed']}*\n\n{line['text'] or line['summary']}\n\n"


def entry(line: Mapping[str, Any]) -> str:
    """Return an entry of the journal with when it was and what it is about."""
    about = f" · {', '.join(line['about'])}" if line["about"] else ""
    return f"{line['text']}\n\n*{line['at'][:16]} · {line['source']}{about}*\n\n"


PAGES: Mapping[str, tuple[str, Shown]] = {
    "memories": ("# Memories\n\n", memory),
    "conversations": ("# Conversations\n\n", conversation),
    "journal": ("# Journal\n\n", entry),
    "articles": ("# Articles\n\n", article),
}
