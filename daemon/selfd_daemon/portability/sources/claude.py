"""Claude's export: `conversations.json`, the messages of each conversation in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from selfd_daemon.portability.lines import Part
from selfd_daemon.portability.sources.talk import Said, Talk, moment, parts_of

_ROLES: Mapping[Any, Literal["user", "assistant"]] = {
    "human": "user",
    "user": "user",
    "assistant": "assistant",
}


def entries(content: Any) -> Sequence[Any] | None:
    """Return the conversations of an export, None where it is none."""
    found = content.get("conversations") if isinstance(content, dict) else content
    if isinstance(found, list) and found and isinstance(found[0], dict):
        return found if "chat_messages" in found[0] else None
    return None


def parts(name: str, found: Sequence[Any], size: int) -> Sequence[Part]:
    """Return the lines of an export."""
    return parts_of("Claude", name, found, size, _talk)


def _talk(entry: Mapping[str, Any]) -> Talk:
    title = entry.get("name") or entry.get("title")
    messages = entry.get("chat_messages")
    said = [
        each
        for message in (messages if isinstance(messages, list) else ())
        if isinstance(message, dict) and (each := _said(message)) is not None
    ]
    shown = title.strip() if isinstance(title, str) and title.strip() else "untitled"
    return Talk(shown, moment(entry.get("created_at")), said)


def _said(message: Mapping[str, Any]) -> Said | None:
    role = _ROLES.get(message.get("sender"))
    text = _text(message)
    if role is None or not text:
        return None
    return Said(role, text, moment(message.get("created_at")))


def _text(message: Mapping[str, Any]) -> str:
    """Return what was said: the blocks of text where there are some, without those of tools."""
    blocks = message.get("content")
    pieces = [
        block["text"]
        for block in (blocks if isinstance(blocks, list) else ())
        if isinstance(block, dict)
        and block.get("type") == "text"
        and isinstance(block.get("text"), str)
    ]
    if not pieces and isinstance(message.get("text"), str):
        pieces = [message["text"]]
    return "\n".join(pieces).strip()
