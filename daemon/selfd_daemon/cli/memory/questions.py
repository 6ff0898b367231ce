"""ask, feedback."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from enum import StrEnum
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.input import words
from selfd_daemon.cli.terminal.options import AsJson, DataDir, Scopes, upper
from selfd_daemon.cli.terminal.output import (
    Flow,
    is_terminal,
    note,
    print_json,
)
from selfd_daemon.cli.terminal.sources import print_answer


class MethodName(StrEnum):
    """The ways to join the members of an ensemble, as they are typed."""

    VOTE = "vote"
    WEIGHTED = "weighted"
    CONSENSUS = "consensus"
    HYBRID = "hybrid"
    BYTE = "byte"


_RATINGS = {"good": 1, "so-so": 0, "bad": -1}


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
    instead_of: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Put this answer's question differently; --in says where."),
    ] = None,
    mind: Annotated[str | None, typer.Option(metavar="ID", help="Which model answers.")] = None,
    method: Annotated[
        MethodName | None, typer.Option(help="How the members of an ensemble are joined.")
    ] = None,
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
        "insteadOf": instead_of,
        "mindId": mind,
        "method": None if method is None else method.value.upper(),
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


def feedback(
    answer: Annotated[str, typer.Argument(metavar="ID", help="The answer, as answer:7.")],
    verdict: Annotated[
        str, typer.Argument(metavar="VERDICT", help="good, bad, or so-so.", show_default=False)
    ],
    correction: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What would have been right.")
    ] = None,
    remember: Annotated[
        bool, typer.Option("--remember", help="Keep the correction as a memory, too.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Say what an answer was worth, so that selfd learns how sure it may be."""
    if verdict not in _RATINGS:
        raise CommandError(f"a verdict is good, bad or so-so, got {verdict!r}")
    given = {
        "answerId": answer,
        "rating": _RATINGS[verdict],
        "correction": correction,
        "remember": remember,
    }
    Client.find(data_dir).send("give_feedback", input=given)
    note("noted, with the correction as a memory" if remember else "noted")


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
