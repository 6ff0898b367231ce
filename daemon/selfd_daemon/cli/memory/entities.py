"""entity: what is known of someone or something, from when until when, in whose words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, AsOf, DataDir, First
from selfd_daemon.cli.terminal.output import DIM, LINK, note, paragraph, print_json, say
from selfd_daemon.cli.terminal.sources import source_line
from selfd_daemon.cli.terminal.text import one_line, plural

_QUOTED = 2  # sources of a relation that are shown
_SNIPPET = 160


def entity(
    name: Annotated[list[str], typer.Argument(metavar="NAME", help="Whom or what; me is you.")],
    first: First = 20,
    as_of: AsOf = None,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Show what memories and articles say of someone or something, and since when."""
    wanted = " ".join(name)
    found = Client.find(data_dir).send("entity", name=wanted, first=first, asOf=as_of)
    if json:
        print_json(found)
        return
    if found is None:
        raise CommandError(f"nothing names {wanted!r}: selfd recall looks for words instead")
    say((found["name"], LINK), f"  named in {plural(found['mentions'], 'item')}")
    if not found["relations"]:
        note("nothing is stated of it" + (" for that time" if as_of else ""))
    for relation in found["relations"]:
        words = f"  {relation['subject']} {relation['predicate']} {relation['object']}"
        say(words, (f"  {_when(relation)}", DIM))
        for hit in relation["sources"][:_QUOTED]:
            paragraph(f"“{one_line(hit['text'], _SNIPPET)}”", indent=4)
            say("    ", *source_line(hit["item"]))


def _when(relation: Mapping[str, Any]) -> str:
    """Say from when until when: `since 2026-03-01`, `until 2026-06-10`."""
    since, until = relation["validFrom"], relation["validTo"]
    said = [f"since {since[:10]}"] if since else []
    if until:
        said.append(f"until {until[:10]}")
    return ", ".join(said)
