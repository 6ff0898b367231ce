"""ChatGPT's export: `conversations.json`, a tree of messages for each conversation.

The path from `current_node` up to the root is the conversation as it was last seen; other branches
are answers that were made anew. Messages of tools and of the system are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from selfd_daemon.portability.lines import Part
from selfd_daemon.portability.sources.talk import Said, Talk, moment, parts_of

_TEXTS = ("text", "multimodal_text")


def entries(content: Any) -> Sequence[Any] | None:
    """Return the conversations of an export, None where it is none."""
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return content if "mapping" in content[0] else None
    return None


def parts(name: str, found: Sequence[Any], size: int) -> Sequence[Part]:
    """Return the lines of an export."""
    return parts_of("ChatGPT", name, found, size, _talk)


def _talk(entry: Mapping[str, Any]) -> Talk | None:
    mapping = entry.get("mapping")
    if not isinstance(mapping, dict):
        return None
    said = [each for node in _path(entry, mapping) if (each := _said(node)) is not None]
    return Talk(_title(entry), moment(entry.get("create_time")), said)


def _title(entry: Mapping[str, Any]) -> str:
    title = entry.get("title")
    return title.strip() if isinstance(title, str) and title.strip() else "untitled"


def _path(entry: Mapping[str, Any], mapping: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the nodes from the root to the one that was seen last."""
    leaf = entry.get("current_node")
    if leaf not in mapping:
        nodes = [node for node in mapping.values() if isinstance(node, dict)]
        return sorted(nodes, key=lambda node: _created(node) or 0.0)
    path: list[Mapping[str, Any]] = []
    seen: set[Any] = set()
    while isinstance(leaf, str) and leaf in mapping and leaf not in seen:
        seen.add(leaf)
        node = mapping[leaf]
        if not isinstance(node, dict):
            break
        path.append(node)
        leaf = node.get("parent")
    return path[::-1]


def _created(node: Mapping[str, Any]) -> float | None:
    message = node.get("message")
    at = message.get("create_time") if isinstance(message, dict) else None
    return float(at) if isinstance(at, int | float) else None


def _said(node: Mapping[str, Any]) -> Said | None:
    message = node.get("message")
    if not isinstance(message, dict):
        return None
    role = (message.get("author") or {}).get("role")
    content = message.get("content") or {}
    hidden = (message.get("metadata") or {}).get("is_visually_hidden_from_conversation")
    if role not in ("user", "assistant") or hidden or content.get("content_type") not in _TEXTS:
        return None
    pieces = [piece for piece in content.get("parts") or () if isinstance(piece, str)]
    text = "\n".join(pieces).strip()
    return Said(role, text, moment(message.get("create_time"))) if text else None
