"""articles: list, read, mark."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from selfd_daemon.cli.client import Client
from selfd_daemon.cli.errors import CommandError
from selfd_daemon.cli.terminal.options import AsJson, DataDir, First, Since
from selfd_daemon.cli.terminal.output import DIM, note, paragraph, print_json, say
from selfd_daemon.cli.terminal.sources import source_line
from selfd_daemon.cli.terminal.text import one_line, plural

_SUMMARY = 240

app = typer.Typer(name="articles", invoke_without_command=True)
Feed = Annotated[str | None, typer.Option("--feed", metavar="ID", help="Only of this feed.")]


@app.callback()
def articles(
    context: typer.Context,
    feed: Feed = None,
    since: Since = None,
    unread: Annotated[bool, typer.Option("--unread", help="Only what is unread.")] = False,
    first: First = 20,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """List the articles of the feeds, newest first; read or mark one."""
    if context.invoked_subcommand:
        return
    client = Client.find(data_dir)
    page = client.send("articles", first=first, feedId=feed, since=since, unread=unread)
    found = [edge["node"] for edge in page["edges"]]
    if json:
        print_json(found)
        return
    if not found:
        note(_nothing(unread))
    for number, article in enumerate(found):
        say(*(["\n"] if number else []), *source_line({"__typename": "Article", **article}))
        if article["summary"]:
            paragraph(one_line(article["summary"], _SUMMARY), indent=2)
        if article["url"]:
            say(("  " + article["url"], DIM))
    if page["totalCount"] > len(found):
        note((f"\n{len(found)} of {page['totalCount']:,}; --first N shows more", DIM))


@app.command("read")
def read(
    id: Annotated[str, typer.Argument(metavar="ID", help="Such as article:7.")],
    full: Annotated[
        bool, typer.Option("--full", help="Read its page first, as its site allows.")
    ] = False,
    data_dir: DataDir = None,
    json: AsJson = False,
) -> None:
    """Print an article and mark it as read."""
    client = Client.find(data_dir)
    article: Any = client.send("read_in_full" if full else "node", id=id)
    if article is None or article["__typename"] != "Article":
        raise CommandError(f"no article {id!r}: selfd articles lists them")
    client.send("mark_articles", ids=[article["id"]], read=True)
    if json:
        print_json(article)
        return
    say(*source_line(article))
    if article["url"]:
        say((article["url"], DIM))
    say()
    for part in (article["text"] or article["summary"]).split("\n\n"):
        paragraph(part)
        say()


@app.command("mark")
def mark(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Articles.", show_default=False)
    ] = None,
    unread: Annotated[bool, typer.Option("--unread", help="Mark them as unread.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Mark all as read.")] = False,
    feed: Feed = None,
    data_dir: DataDir = None,
) -> None:
    """Mark articles as read, or as unread: what is unread is never shortened."""
    if bool(ids) == (every or feed is not None) or (unread and not ids):
        raise typer.BadParameter("name articles, or --all or --feed ID to mark those as read")
    client = Client.find(data_dir)
    if ids:
        changed = client.send("mark_articles", ids=ids, read=not unread)
    else:
        changed = client.send("mark_all_read", feedId=feed)
    say(f"{plural(changed, 'article')} marked as {'unread' if unread else 'read'}")


def _nothing(unread: bool) -> str:
    if unread:
        return "nothing is unread: selfd feeds poll asks for news"
    return "no articles: selfd feeds add URL follows a feed, selfd feeds poll asks for news"
