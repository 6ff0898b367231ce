"""ask, conversations."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.input import words
from selfd_daemon.cli.options import AsJson, DataDir, First, Scopes, upper
from selfd_daemon.cli.output import (
    BOLD,
    DIM,
    LINK,
    Flow,
    is_terminal,
    note,
    paragraph,
    print_json,
    say,
)
from selfd_daemon.cli.sources import print_answer
from selfd_daemon.cli.text import clean, minute, one_line

_PROMPT = "› "


def ask(
    question: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="The question; - or nothing reads it from stdin.",
            show_default=False,
        ),
    ] = None,
    scope: Scopes = None,
    conversation: Annotated[
        str | None, typer.Option("--in", metavar="ID", help="Go on with this conversation.")
    ] = None,
    mind: Annotated[str | None, typer.Option(metavar="ID", help="Which model answers.")] = None,
    max_bytes: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="At most this long an answer.")
    ] = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Ask, and get an answer with the verbatim words that it relies on."""
    asked = {
        "question": words(question, "question"),
        "scope": upper(scope),
        "conversationId": conversation,
        "mindId": mind,
        "maxBytes": max_bytes,
    }
    client = Client.find(data_dir)
    given = {name: value for name, value in asked.items() if value is not None}
    if is_terminal() and not json:
        stream_answer(client, given)
        return
    answer = client.send("ask", input=given)
    if json:
        print_json(answer)
    else:
        print_answer(answer, with_text=True)


def conversations(
    id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Show this one in full.", show_default=False),
    ] = None,
    first: First = 20,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """List conversations, newest first, or show one."""
    client = Client.find(data_dir)
    if id:
        _show(client, id, json=json)
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


def stream_answer(client: Client, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Print an answer as it comes, then what it relies on; Ctrl-C stops the work."""
    streamed = Flow()
    with closing(client.stream("generate", input=given)) as events:
        for event in events:
            if event["__typename"] == "TextDelta":
                streamed.write(event["text"])
            elif answer := event["answer"]:
                streamed.end()
                print_answer(answer, with_text=not streamed.started)
                return answer  # type: ignore[no-any-return]  # JSON
    raise CommandError("the daemon ended the answer before it was whole: see selfd status")


def _show(client: Client, id: str, *, json: bool) -> None:
    found = client.send("conversation", id=id)
    if found is None:
        raise CommandError(f"no conversation with id {id!r}: selfd conversations lists them")
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
