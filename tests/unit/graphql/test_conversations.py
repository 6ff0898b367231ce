"""Conversations through the API: searched, renamed, written out, removed; and feedback."""

from __future__ import annotations

import pytest

from selfd_graphql.operations import document
from support.services import Ask

pytestmark = pytest.mark.anyio


async def test_conversations_are_searched(ask: Ask) -> None:
    result = await ask(document("search_conversations"), query="Three")
    assert result.errors is None
    assert result.data is not None
    (found,) = result.data["searchConversations"]
    assert found["conversation"]["id"] == "conversation:1"
    assert found["message"]["text"] == "Three minutes."


async def test_a_conversation_is_renamed_written_out_and_removed(ask: Ask) -> None:
    renamed = await ask(document("rename_conversation"), id="conversation:1", title="Tea")
    assert renamed.data is not None, renamed.errors
    assert renamed.data["renameConversation"]["title"] == "Tea"
    missing = await ask(document("rename_conversation"), id="conversation:9", title="Tea")
    assert missing.errors is not None
    assert (missing.errors[0].extensions or {})["code"] == "NOT_FOUND"
    written = await ask(document("conversation_markdown"), id="conversation:1")
    assert written.data == {"conversation": {"markdown": "# conversation:1"}}
    for id, removed in (("conversation:1", True), ("conversation:9", False)):
        result = await ask(document("remove_conversation"), id=id)
        assert result.data == {"removeConversation": removed}
