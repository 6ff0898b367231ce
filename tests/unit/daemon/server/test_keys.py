"""What each token opens."""

from __future__ import annotations

import pytest

from selfd_daemon.clients.menubar.documents import NAMES
from selfd_daemon.server.keys import Keys
from selfd_graphql.operations import document, names

KEYS = Keys.of(token="owner", menubar_token="menubar")
OWNER, MENUBAR = "Bearer owner", "Bearer menubar"


def test_both_tokens_are_known_and_no_other_is() -> None:
    assert KEYS.known(OWNER)
    assert KEYS.known(MENUBAR)
    assert not KEYS.known("Bearer guess")
    assert not KEYS.known(None)


@pytest.mark.parametrize("path", ["/session/code", "/metrics", "/graphql/", "/"])
def test_the_menu_bar_is_let_in_to_the_api_alone(path: str) -> None:
    assert KEYS.opens(MENUBAR, "/graphql")
    assert not KEYS.opens(MENUBAR, path)
    assert KEYS.opens(OWNER, path)


@pytest.mark.parametrize("name", names())
def test_the_menu_bar_may_send_the_documents_that_it_ships(name: str) -> None:
    assert KEYS.permits(OWNER, document(name))
    assert KEYS.permits(MENUBAR, document(name)) == (name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_document_that_differs_by_a_space_is_another_one(name: str) -> None:
    assert not KEYS.permits(MENUBAR, document(name) + " ")


def test_what_the_menu_bar_sends_neither_forgets_nor_exports_nor_changes_a_memory() -> None:
    assert set(NAMES).isdisjoint({"forget", "update_memory", "backup", "memories", "remove_feed"})
