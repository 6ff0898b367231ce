"""conversations."""

from __future__ import annotations

from typing import Annotated

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir, First
from selfd_daemon.cli.terminal.output import BOLD, DIM, LINK, note, paragraph, print_json, say
from selfd_daemon.cli.terminal.text import clean, minute, one_line

_PROMPT = "› "


def conversations(
    id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Show this one in full.", show_default=False),
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="WORDS", help="Find messages with all these words.")
    ] = None,
    rename: Annotated[
        str | None, typer.Option(metavar="TITLE", help="Give the conversation another title.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Write the conversation out as Markdown.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the conversation and all that was said in it.")
    ] = False,
    first: First = 20,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """List conversations, newest first, or show, search, rename, write out or remove them."""
    if (rename is not None or markdown or remove) and not id:
        raise CommandError("name the conversation: selfd conversations lists them")
    client = Client.find(data_dir)
    if search is not None:
        _search(client, search, first, json=json)
        return
    if id:
        _one(client, id, rename=rename, markdown=markdown, remove=remove, json=json)
        return
    page = client.send("conversations", first=first)
    found = [edge["node"] for edge in page["edges"]]
    if json:
        print_json(found)
        return
    if not found:
        note('no conversations yet: selfd ask "..." starts one')
    for each in found:
        say((each["id"], LINK), f"  {minute(each['createdAt'])}  {one_line(each['title'], 100)}")


def _one(
    client: Client, id: str, *, rename: str | None, markdown: bool, remove: bool, json: bool
) -> None:
    """Do with one conversation what was asked for."""
    if remove:
        if not client.send("remove_conversation", id=id):
            raise _missing(id)
        note(f"removed {id}")
    elif rename is not None:
        found = client.send("rename_conversation", id=id, title=rename)
        if json:
            print_json(found)
        else:
            note(f"{id} is now {found['title']!r}")
    elif markdown:
        found = client.send("conversation_markdown", id=id)
        if found is None:
            raise _missing(id)
        print(found["markdown"], end="")
    else:
        _show(client, id, json=json)


def _search(client: Client, words: str, first: int, *, json: bool) -> None:
    found = client.send("search_conversations", query=words, first=first)
    if json:
        print_json(found)
        return
    if not found:
        note("no message has all these words")
    for each in found:
        said = each["message"]
        where = (each["conversation"]["id"], LINK)
        say(where, f"  {minute(said['at'])}  {one_line(said['text'], 100)}")


def _missing(id: str) -> CommandError:
    return CommandError(f"no conversation with id {id!r}: selfd conversations lists them")


def _show(client: Client, id: str, *, json: bool) -> None:
    found = client.send("conversation", id=id)
    if found is None:
        raise _missing(id)
    if json:
        print_json(found)
        return
    say((clean(found["title"]), BOLD), (f"  {found['id']}, {minute(found['createdAt'])}", DIM))
    for message in found["messages"]:
        say()
        mine = message["role"] == "user"
        paragraph(
            _PROMPT + message["text"] if mine else message["text"], style=BOLD if mine else ""
        )
