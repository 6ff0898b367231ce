"""remember, recall, forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.input import STDIN, words
from selfd_daemon.cli.terminal.options import (
    AsJson,
    AsOf,
    At,
    DataDir,
    First,
    Kind,
    MemoryKindName,
    Scopes,
    upper,
)
from selfd_daemon.cli.terminal.output import DIM, LINK, note, paragraph, print_json, say
from selfd_daemon.cli.terminal.sources import source_line
from selfd_daemon.cli.terminal.text import minute, one_line, plural

_BATCH = 500
_SNIPPET = 280


def remember(
    text: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT",
            help="What to remember; - or nothing reads it from stdin.",
            show_default=False,
        ),
    ] = None,
    kind: Kind = MemoryKindName.NOTE,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", "-t", metavar="TAG", help="A tag; repeatable.")
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Where it is from.")] = None,
    at: At = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Each line of stdin is a memory of its own.")
    ] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Remember a text as it is told."""
    common = {
        "kind": (kind or MemoryKindName.NOTE).value.upper(),
        "tags": tags or [],
        "source": source,
        "at": at,
    }
    client = Client.find(data_dir)
    if lines:
        _remember_lines(client, common, json=json)
        return
    memory = client.send("remember", input={"text": words(text, "text"), **common})
    if json:
        print_json(memory)
    elif memory["occurrences"] > 1:
        say((memory["id"], LINK), f"  known already, told {memory['occurrences']} times now")
    else:
        say((memory["id"], LINK), "  remembered")


def recall(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUERY",
            help="What to look for; nothing lists the newest memories.",
            show_default=False,
        ),
    ] = None,
    scope: Scopes = None,
    first: First = 10,
    kind: Kind = None,
    tag: Annotated[
        str | None, typer.Option("--tag", "-t", metavar="TAG", help="Only with this tag.")
    ] = None,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Find what fits, best first: memories, articles and documents."""
    if query and (kind or tag):
        raise typer.BadParameter("--kind and --tag list memories: leave out the query")
    client = Client.find(data_dir)
    if not query:
        _list(client, first, kind, tag, as_of, json=json)
        return
    hits = client.send("search", query=" ".join(query), scope=upper(scope), first=first, asOf=as_of)
    if json:
        print_json(hits)
        return
    if not hits:
        note("nothing fits: selfd recall without a query lists the newest memories")
    for number, hit in enumerate(hits):
        say(
            *([""] if number == 0 else ["\n"]),
            *source_line(hit["item"]),
            (f"  {hit['score']:.2f}", DIM),
        )
        paragraph(one_line(hit["text"], _SNIPPET), indent=2)


def forget(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Ids as recall shows them.")],
    data_dir: DataDir = None,
) -> None:
    """Forget memories for good: the text, its codes and its index entries."""
    client = Client.find(data_dir)
    unknown = []
    for id in ids:
        if client.send("forget", id=id):
            say((id, LINK), "  forgotten")
        else:
            unknown.append(id)
    if unknown:
        raise CommandError(f"no memory with id {', '.join(map(repr, unknown))}: see selfd recall")


def _remember_lines(client: Client, common: dict[str, Any], *, json: bool) -> None:
    inputs = [
        {"text": line, **common} for line in words([STDIN], "text").splitlines() if line.strip()
    ]
    memories: list[Any] = []
    for start in range(0, len(inputs), _BATCH):
        memories += client.send("remember_many", inputs=inputs[start : start + _BATCH])
    if json:
        print_json(memories)
        return
    known = sum(memory["occurrences"] > 1 for memory in memories)
    again = f", {known:,} of them known already" if known else ""
    say(f"{plural(len(memories), 'memory')} told{again}")


def _list(
    client: Client,
    first: int,
    kind: MemoryKindName | None,
    tag: str | None,
    as_of: str | None,
    *,
    json: bool,
) -> None:
    page = client.send(
        "memories", first=first, kind=kind and kind.value.upper(), tag=tag, asOf=as_of
    )
    memories = [edge["node"] for edge in page["edges"]]
    if json:
        print_json(memories)
        return
    if not memories:
        note('no memories yet: selfd remember "..." tells one')
    for memory in memories:
        tags = "".join(f"  #{name}" for name in memory["tags"])
        say(
            (memory["id"], LINK),
            f"  {memory['kind'].lower()}, {minute(memory['createdAt'])}",
            (f"  importance {memory['importance']:.2f}", DIM),
            (tags, DIM),
        )
        paragraph(one_line(memory["text"], _SNIPPET), indent=2)
        if memory["occurrences"] > 1:
            say((f"  told {memory['occurrences']} times: {_times(memory['tellings'])}", DIM))
    if page["totalCount"] > len(memories):
        note((f"\n{len(memories)} of {page['totalCount']:,}; --first N shows more", DIM))


def _times(tellings: Sequence[Mapping[str, Any]]) -> str:
    """Return when and whence the first few tellings came."""
    return ", ".join(
        minute(each["at"]) + (f" from {each['source']}" if each["source"] else "")
        for each in tellings
    )
