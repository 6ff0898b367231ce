"""What is sent: only documents of the menu bar's own, all of which are used."""

from __future__ import annotations

import re
from pathlib import Path

import selfd_daemon.clients.menubar
from selfd_daemon.clients.menubar.documents import NAMES
from selfd_daemon.clients.menubar.requests import ASK, REMEMBER, ask, remember

SOURCES = Path(selfd_daemon.clients.menubar.__file__).parent.glob("*.py")


def test_a_follow_up_goes_on_with_the_conversation() -> None:
    assert ask(" When? ", None).variables == {"input": {"question": "When?"}}
    assert ask("And then?", "conversation:1").variables["input"]["conversationId"] == (
        "conversation:1"
    )


def test_a_note_is_sent_without_the_space_around_it() -> None:
    assert remember(" tea \n").variables == {"input": {"text": "tea"}}


def test_each_document_of_the_token_is_sent_and_no_other() -> None:
    sent = {name for path in SOURCES for name in re.findall(r'Request\("(\w+)"', path.read_text())}
    assert sorted({*sent, ASK, REMEMBER}) == list(NAMES)
